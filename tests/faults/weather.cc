#include "tests/faults/weather.h"

namespace ledger {
namespace {

using rpc::Proxy;

// Bytes between two that are corrupted: with more of them hardly a large call gets through.
constexpr double kCorruptRate = 3e-6;

}  // namespace

StreamWeather::StreamWeather(Proxy* proxy, bool encrypted, uint64_t seed)
    : Weather(seed), proxy_(proxy), encrypted_(encrypted) {
  if (!encrypted) proxy_->CorruptBodiesOnly();
}

absl::Duration StreamWeather::Change() {
  ++changes_;
  const auto direction = static_cast<Proxy::Direction>(Draw(0, 1));
  proxy_->Forward();
  switch (Draw(0, 9)) {
    case 0:
      proxy_->Delay(direction, absl::Microseconds(Draw(100, 10'000)));
      break;
    case 1:
      proxy_->Throttle(direction, Draw(1'000'000, 20'000'000));
      break;
    case 2:
      proxy_->CutEach(Draw(1, 2'000), Draw(10'000, 1'000'000), random_());
      break;
    case 3:
      proxy_->CutAfter(direction, Draw(0, 100'000));
      break;
    case 4:
      proxy_->Corrupt(kCorruptRate * static_cast<double>(Draw(1, 30)), random_());
      break;
    case 5:
      proxy_->HalfClose(direction);
      break;
    case 6:
      proxy_->Close();
      break;
    case 7:
      if (Draw(0, 2) > 0) break;
      Draw(0, 1) > 0 ? proxy_->StopForwarding() : proxy_->StopForwarding(direction);
      // Sometimes long enough to be found dead, mostly not.
      return absl::Milliseconds(Draw(0, 9) == 0 ? Draw(1'000, 2'000) : Draw(20, 300));
    default:
      break;  // fair
  }
  return absl::Milliseconds(Draw(20, 250));
}

Circumstances StreamWeather::circumstances() const {
  const uint64_t corrupted =
      proxy_->bytes_corrupted(Proxy::kToServer) + proxy_->bytes_corrupted(Proxy::kToClient);
  return {.troubled = changes_ > 0, .corrupted = corrupted > 0, .encrypted = encrypted_};
}

absl::Duration DatagramWeather::Change() {
  ++changes_;
  const auto rate = [this](uint64_t percent_max) {
    return Draw(0, 1) == 0 ? 0 : static_cast<double>(Draw(0, percent_max)) / 100;
  };
  rpc::DatagramFaults faults;
  const uint64_t draw = Draw(0, 19);
  if (draw >= 6) {
    faults = {.loss = rate(20), .duplicates = rate(30), .reordering = rate(30)};
    if (draw >= 16) faults.delay_us = Draw(0, 10'000);
    if (draw >= 18) faults.jitter_us = Draw(0, 20'000);
  }
  if (draw == 0) faults.loss = 1;
  proxy_->Set(faults);
  return absl::Milliseconds(Draw(20, 250));
}

}  // namespace ledger
