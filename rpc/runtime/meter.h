// What one loop of a server notes of its calls when the server measures: see statistics.h.
//
// Internal. Threads: written by its loop, with plain loads and stores; AddTo is for any thread.
//
// Nothing is read from a clock while calls are handled. A call begins with its turn, whose time is
// known, and the calls that ended in a turn are noted together when the turn writes its output.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "rpc/histogram.h"
#include "rpc/net/loop.h"
#include "rpc/runtime/counter.h"
#include "rpc/statistics.h"

namespace rpc::runtime {

class SharedHistogram {
 public:
  void Add(uint64_t value) {
    counts_[Histogram::BucketOf(value)] += 1;
    sum_ += value;
  }
  void AddTo(Histogram* sum) const;

 private:
  Counter counts_[Histogram::kBuckets];
  Counter sum_;
};

// One method's calls.
class MethodMeter {
 public:
  void Begun() { begun_ += 1; }
  void Ended(const absl::Status& status) {
    failed_[status.ok() ? 0 : static_cast<size_t>(status.code()) % kCodes] += 1;
  }
  void Cancelled() { cancelled_ += 1; }
  void Expired() { expired_ += 1; }
  void Refused() { refused_ += 1; }
  void Received(size_t size) { bytes_received_ += size; }
  void Sent(size_t size) { bytes_sent_ += size; }
  void Took(uint64_t us) { latency_.Add(us); }

  void AddTo(MethodStatistics* sum) const;

 private:
  static constexpr size_t kCodes = std::tuple_size_v<decltype(MethodStatistics::failed)>;

  Counter begun_;  // also those that were refused then
  Counter refused_;
  Counter failed_[kCodes];  // those that did not fail, too
  Counter cancelled_;
  Counter expired_;
  Counter bytes_received_;
  Counter bytes_sent_;
  SharedHistogram latency_;
};

class LoopMeter final : private net::Flushable, private net::Timer {
 public:
  LoopMeter(net::Loop* loop, size_t methods);
  ~LoopMeter();

  // Of the method of this number; made when it is first asked for.
  MethodMeter* Of(size_t method) {
    MethodMeter* const meter = methods_[method].load(std::memory_order_relaxed);
    return meter != nullptr ? meter : Make(method);
  }
  // A call of this meter has ended.
  void NoteEnd(MethodMeter* meter, net::TimeUs begun_us) {
    if (ended_.empty()) loop_->FlushLater(this);
    ended_.push_back({meter, begun_us});
  }
  // Looks at the lag no more: the loop may have nothing else to do.
  void Stop() { loop_->ClearTimer(this); }

  // `sum` has the server's methods, in the order of their numbers.
  void AddTo(std::vector<MethodStatistics>* sum) const;
  void AddTo(LoopStatistics* sum) const { lag_.AddTo(&sum->lag); }

 private:
  struct End {
    MethodMeter* meter;
    net::TimeUs begun_us;
  };

  MethodMeter* Make(size_t method);
  void Flush() override;
  void OnTime() override;
  void LookLater();

  net::Loop* loop_;
  std::vector<std::atomic<MethodMeter*>> methods_;
  std::vector<End> ended_;  // in this turn
  net::TimeUs due_us_ = 0;  // of the next look at the lag
  SharedHistogram lag_;
};

}  // namespace rpc::runtime
