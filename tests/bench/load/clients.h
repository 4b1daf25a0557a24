// The connections that a load goes over, and what it sends.
//
// Threads: any, once Connect has returned.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "tests/bench/bench.rpc.h"
#include "tests/bench/measure/load_options.h"
#include "tests/bench/measure/meter.h"

namespace bench {

class Clients {
 public:
  explicit Clients(const LoadOptions& options);

  // Waits until every connection stands, each for the timeout of a call.
  absl::Status Connect() const;

  size_t size() const { return stubs_.size(); }
  Bench::Client& stub(size_t i) { return stubs_[i % stubs_.size()]; }

  // A call of the kind that is asked for: with a computation in the server, or without.
  rpc::Call<Blob> Echo(size_t i) {
    return options_.work_us > 0 ? stub(i).Work(work_request_) : stub(i).Echo(request_);
  }

  const LoadOptions& options() const { return options_; }
  const Blob& request() const { return request_; }
  // Whether this is what an echo has to say.
  bool IsAnswer(const Blob& reply) const {
    return reply.text().size() == request_.text().size() &&
           reply.data().size() == request_.data().size();
  }

 private:
  const LoadOptions options_;
  std::vector<rpc::Channel> channels_;  // a connection each
  std::vector<Bench::Client> stubs_;
  Blob request_;
  WorkRequest work_request_;
};

// Whether a call was refused for want of room, which is no failure of a load that is too high.
Outcome OutcomeOf(const absl::Status& status);

}  // namespace bench
