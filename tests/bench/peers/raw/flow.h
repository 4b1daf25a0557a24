// One connection's calls where a call is so many bytes there and so many back.
//
//     Flow flow(&load);
//     Send(flow.Begin(options.in_flight));            // bytes, perhaps of many requests
//     ...
//     Send(flow.Begin(flow.Received(size)));          // replies that are whole now make room
//
// Threads: one at a time. Lifetime: the load outlives its flows; what Begin gives lives as long as
// the load.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "tests/bench/measure/meter.h"

namespace bench {

// What all connections share.
struct RawLoad {
  RawLoad(const LoadOptions& options, const std::string& request, size_t reply_size)
      : request_size(request.size()), reply_size(reply_size), meter(options) {
    const auto in_flight = static_cast<size_t>(options.in_flight);
    while (requests.size() < request.size() * in_flight) requests += request;
  }

  std::string requests;  // as many as a connection has in flight
  size_t request_size;
  size_t reply_size;
  size_t open = 0;
  Meter meter;
};

class Flow {
 public:
  explicit Flow(RawLoad* load) : load_(load) {}

  // The bytes of so many more requests, or of fewer when the measurement comes to its end.
  std::string_view Begin(size_t count) {
    size_t begun = 0;
    const uint64_t now_ns = NowNs();
    while (begun < count && load_->meter.MayBegin()) {
      ++begun;
      begin_ns_.push_back(now_ns);
    }
    load_->open += begun;
    return std::string_view(load_->requests).substr(0, begun * load_->request_size);
  }

  // So many bytes have come. Returns how many replies they complete.
  size_t Received(size_t size) {
    received_ += size;
    const size_t replies = std::min(received_ / load_->reply_size, begin_ns_.size());
    received_ -= replies * load_->reply_size;
    for (size_t i = 0; i < replies; ++i) {
      load_->meter.Ended(begin_ns_.front(), Outcome::kOk);
      begin_ns_.pop_front();
    }
    load_->open -= replies;
    return replies;
  }

 private:
  RawLoad* load_;
  size_t received_ = 0;
  std::deque<uint64_t> begin_ns_;  // of the calls that are open
};

// Counts the messages of a stream that is nothing but their bytes.
class StreamFlow {
 public:
  StreamFlow(Meter* meter, size_t message_size) : meter_(meter), message_size_(message_size) {}

  // Whether more is wanted.
  bool Received(size_t size) {
    received_ += size;
    const uint64_t messages = received_ / message_size_;
    received_ -= messages * message_size_;
    total_ += messages;
    meter_->Passed(messages);
    return !meter_->over();
  }

  uint64_t total() const { return total_; }

 private:
  Meter* meter_;
  size_t message_size_;
  size_t received_ = 0;
  uint64_t total_ = 0;
};

}  // namespace bench
