#include "tests/faults/weather.h"

#include <algorithm>

namespace ledger {
namespace {

using rpc::DatagramCounts;
using rpc::DatagramFaults;
using rpc::DatagramProxy;
using rpc::Proxy;

// Bytes between two that are corrupted: with more of them hardly a large call gets through.
constexpr double kCorruptRate = 3e-6;

// What a throttle lets through at once, and the grain of clocks.
constexpr absl::Duration kThrottlePiece = absl::Milliseconds(6);

}  // namespace

absl::Duration Weather::DrawStay() {
  if (!only_.has_value()) return absl::Milliseconds(Draw(20, 250));
  return absl::Milliseconds(OneOfTwo() == Fault::kFair ? Draw(20, 100) : Draw(200, 400));
}

Fault Weather::OneOfTwo() const {
  const bool stops_calls = EndsConnections(*only_) || *only_ == Fault::kLoss;
  return stops_calls && changes_ % 2 == 0 ? Fault::kFair : *only_;
}

// Alone it is longer than calls wait for each other.
uint64_t Weather::DrawDelayUs() {
  return only_.has_value() ? Draw(20'000, 60'000) : Draw(100, 10'000);
}

std::array<uint64_t, kFaultCount> Weather::times() const {
  std::array<uint64_t, kFaultCount> copy = {};
  std::copy(times_.begin(), times_.end(), copy.begin());
  return copy;
}

// Streams.

StreamWeather::StreamWeather(Proxy* proxy, bool encrypted, uint64_t seed, std::optional<Fault> only)
    : Weather(only, seed), proxy_(proxy), encrypted_(encrypted) {
  if (!encrypted) proxy_->CorruptBodiesOnly();
}

Fault StreamWeather::DrawFault() {
  const uint64_t draw = Draw(0, std::size(kStreamFaults) + 1);
  if (draw >= std::size(kStreamFaults)) return Fault::kFair;
  const Fault fault = kStreamFaults[draw];
  return fault == Fault::kBlackHole && Draw(0, 2) > 0 ? Fault::kFair : fault;
}

absl::Duration StreamWeather::Change() {
  ++changes_;
  Clear();
  const Fault fault = only_.has_value() ? OneOfTwo() : DrawFault();
  Count(fault);
  Become(fault);
  if (fault != Fault::kBlackHole) return DrawStay();
  // Sometimes long enough to be found dead, mostly not; alone it is the other way round.
  const bool is_long = only_.has_value() ? Draw(0, 3) > 0 : Draw(0, 9) == 0;
  return absl::Milliseconds(is_long ? Draw(1'000, 2'000) : Draw(20, 300));
}

void StreamWeather::Clear() {
  proxy_->Forward();
  now_ = Fault::kFair;
}

void StreamWeather::Become(Fault fault) {
  now_ = fault;
  direction_ = static_cast<Proxy::Direction>(Draw(0, 1));
  switch (fault) {
    case Fault::kDelay:
      delay_us_ = DrawDelayUs();
      return proxy_->Delay(direction_, absl::Microseconds(delay_us_));
    case Fault::kThrottle:
      bytes_per_s_ = Draw(1'000'000, only_.has_value() ? 2'000'000 : 20'000'000);
      return proxy_->Throttle(direction_, bytes_per_s_);
    case Fault::kCutEach:
      return proxy_->CutEach(Draw(1, 2'000), Draw(10'000, 1'000'000), random_());
    case Fault::kCutAfter:
      return proxy_->CutAfter(direction_, Draw(0, 100'000));
    case Fault::kCorrupt:
      return proxy_->Corrupt(kCorruptRate * static_cast<double>(Draw(1, 30)), random_());
    case Fault::kHalfClose:
      return proxy_->HalfClose(direction_);
    case Fault::kClose:
      return proxy_->Close();
    case Fault::kBlackHole:
      return Draw(0, 1) > 0 ? proxy_->StopForwarding() : proxy_->StopForwarding(direction_);
    default:
      return;  // fair
  }
}

Circumstances StreamWeather::circumstances() const {
  const bool troubled =
      std::any_of(std::begin(kStreamFaults), std::end(kStreamFaults),
                  [this](Fault fault) { return EndsConnections(fault) && times(fault) > 0; });
  return {.troubled = troubled, .corrupted = BytesCorrupted() > 0, .encrypted = encrypted_};
}

absl::Duration StreamWeather::LeastTimeOf(const CallPlan& plan) const {
  if (now_ == Fault::kBlackHole) return absl::InfiniteDuration();
  if (now_ == Fault::kDelay) return absl::Microseconds(delay_us_);
  if (now_ != Fault::kThrottle) return absl::ZeroDuration();
  const Volume volume = VolumeOf(plan);
  const uint64_t bytes = direction_ == Proxy::kToServer ? volume.to_server : volume.to_client;
  const absl::Duration all =
      absl::Seconds(static_cast<double>(bytes) / static_cast<double>(bytes_per_s_));
  return std::max(all - kThrottlePiece, absl::ZeroDuration());
}

uint64_t StreamWeather::BytesCorrupted() const {
  return proxy_->bytes_corrupted(Proxy::kToServer) + proxy_->bytes_corrupted(Proxy::kToClient);
}

WeatherReport StreamWeather::report() const {
  return {.times = times(),
          .connections_cut = proxy_->connections_cut(),
          .bytes_corrupted = BytesCorrupted()};
}

// Datagrams.

absl::Duration DatagramWeather::Change() {
  ++changes_;
  now_ = only_.has_value() ? DrawOne(OneOfTwo()) : DrawMixture();
  CountEach(now_);
  proxy_->Set(now_);
  return DrawStay();
}

void DatagramWeather::Clear() {
  now_ = {};
  proxy_->Set(now_);
}

DatagramFaults DatagramWeather::DrawMixture() {
  const auto rate = [this](uint64_t percent_max) {
    return Draw(0, 1) == 0 ? 0 : static_cast<double>(Draw(0, percent_max)) / 100;
  };
  const uint64_t draw = Draw(0, 19);
  if (draw < 6) return {.loss = draw == 0 ? 1.0 : 0.0};
  DatagramFaults faults = {.loss = rate(20), .duplicates = rate(30), .reordering = rate(30)};
  if (draw >= 16) faults.delay_us = Draw(0, 10'000);
  if (draw >= 18) faults.jitter_us = Draw(0, 20'000);
  return faults;
}

DatagramFaults DatagramWeather::DrawOne(Fault fault) {
  const double rate = static_cast<double>(Draw(5, 20)) / 100;
  switch (fault) {
    case Fault::kDelay:
      return {.delay_us = DrawDelayUs(), .jitter_us = Draw(0, 20'000)};
    case Fault::kBlackHole:
      return {.loss = 1};
    case Fault::kLoss:
      return {.loss = rate};
    case Fault::kDuplicates:
      return {.duplicates = rate};
    case Fault::kReordering:
      return {.reordering = rate};
    default:
      return {};  // fair
  }
}

void DatagramWeather::CountEach(const DatagramFaults& faults) {
  const bool late = faults.delay_us > 0 || faults.jitter_us > 0;
  if (faults.loss > 0) Count(faults.loss < 1 ? Fault::kLoss : Fault::kBlackHole);
  if (faults.duplicates > 0) Count(Fault::kDuplicates);
  if (faults.reordering > 0) Count(Fault::kReordering);
  if (late) Count(Fault::kDelay);
  const double sum = faults.loss + faults.duplicates + faults.reordering;
  if (sum <= 0 && !late) Count(Fault::kFair);
}

absl::Duration DatagramWeather::LeastTimeOf(const CallPlan&) const {
  if (now_.loss >= 1) return absl::InfiniteDuration();
  return 2 * absl::Microseconds(now_.delay_us);
}

WeatherReport DatagramWeather::report() const {
  WeatherReport report = {.times = times()};
  for (const auto direction : {DatagramProxy::kToServer, DatagramProxy::kToClient}) {
    const DatagramCounts counts = proxy_->counts(direction);
    report.datagrams_lost += counts.lost;
    report.datagrams_duplicated += counts.duplicated;
    report.datagrams_reordered += counts.reordered;
  }
  return report;
}

}  // namespace ledger
