#include "rpc/runtime/meter.h"

namespace rpc::runtime {
namespace {

constexpr net::TimeUs kLookUs = 100'000;

// 0 for what would be less.
uint64_t Since(uint64_t earlier, uint64_t now) { return now > earlier ? now - earlier : 0; }

}  // namespace

void SharedHistogram::AddTo(Histogram* sum) const {
  for (size_t i = 0; i < Histogram::kBuckets; ++i) {
    if (const uint64_t count = counts_[i].value()) sum->AddToBucket(i, count);
  }
  sum->AddToSum(sum_.value());
}

// What has ended is read before what has begun, so that what is open comes out too large rather
// than too small.
void MethodMeter::AddTo(MethodStatistics* sum) const {
  latency_.AddTo(&sum->latency);
  const uint64_t ok = failed_[0].value();
  uint64_t ended = ok + cancelled_.value() + expired_.value();
  sum->ok += ok;
  for (size_t code = 1; code < kCodes; ++code) {
    sum->failed[code] += failed_[code].value();
    ended += failed_[code].value();
  }
  sum->cancelled += cancelled_.value();
  sum->expired += expired_.value();
  sum->refused += refused_.value();
  sum->bytes_received += bytes_received_.value();
  sum->bytes_sent += bytes_sent_.value();
  const uint64_t begun = Since(refused_.value(), begun_.value());
  sum->begun += begun;
  sum->open += Since(ended, begun);
}

LoopMeter::LoopMeter(net::Loop* loop, size_t methods) : loop_(loop), methods_(methods) {
  LookLater();
}

LoopMeter::~LoopMeter() {
  for (const std::atomic<MethodMeter*>& method : methods_) delete method.load();
}

MethodMeter* LoopMeter::Make(size_t method) {
  auto* const meter = new MethodMeter;
  methods_[method].store(meter, std::memory_order_release);
  return meter;
}

void LoopMeter::AddTo(std::vector<MethodStatistics>* sum) const {
  for (size_t i = 0; i < methods_.size(); ++i) {
    const MethodMeter* const meter = methods_[i].load(std::memory_order_acquire);
    if (meter != nullptr) meter->AddTo(&(*sum)[i]);
  }
}

void LoopMeter::Flush() {
  const net::TimeUs now_us = net::ClockUs();
  for (const End& end : ended_) end.meter->Took(Since(end.begun_us, now_us));
  ended_.clear();
}

void LoopMeter::LookLater() {
  due_us_ = loop_->now_us() + kLookUs;
  loop_->SetTimer(this, due_us_);
}

void LoopMeter::OnTime() {
  lag_.Add(Since(due_us_, loop_->now_us()));
  LookLater();
}

}  // namespace rpc::runtime
