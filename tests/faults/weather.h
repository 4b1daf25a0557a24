// Lets a proxy be one bad network after the other, in an order that a seed gives.
//
//     StreamWeather weather(&proxy, /*encrypted=*/true, seed);
//     co_await rpc::Sleep(weather.Change());          // for how long it stays so
//     weather.Clear();
//
// Threads: one at a time, but for circumstances(). Lifetime: the proxy outlives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>

#include "absl/time/time.h"
#include "tests/faults/account.h"
#include "tests/support/datagram_proxy.h"
#include "tests/support/proxy.h"

namespace ledger {

class Weather {
 public:
  virtual ~Weather() = default;
  virtual absl::Duration Change() = 0;
  // A good network again.
  virtual void Clear() = 0;
  // What calls may fail for.
  virtual Circumstances circumstances() const = 0;
  uint64_t changes() const { return changes_; }

 protected:
  explicit Weather(uint64_t seed) : random_(seed) {}

  uint64_t Draw(uint64_t min, uint64_t max) { return min + random_() % (max - min + 1); }

  std::mt19937_64 random_;
  std::atomic<uint64_t> changes_ = 0;  // circumstances() may be asked by another thread
};

// Delays, slow lines, connections that are cut, corrupted, half closed, closed, or go nowhere. A
// header is not protected without TLS, so there only bodies are corrupted.
class StreamWeather final : public Weather {
 public:
  StreamWeather(rpc::Proxy* proxy, bool encrypted, uint64_t seed);

  absl::Duration Change() override;
  void Clear() override { proxy_->Forward(); }
  Circumstances circumstances() const override;

 private:
  rpc::Proxy* const proxy_;
  const bool encrypted_;
};

// Loss, duplicates, reordering, delay, and now and then nothing at all. No corruption: neither is a
// datagram's header protected, and real datagrams have a checksum.
class DatagramWeather final : public Weather {
 public:
  DatagramWeather(rpc::DatagramProxy* proxy, uint64_t seed) : Weather(seed), proxy_(proxy) {}

  absl::Duration Change() override;
  void Clear() override { proxy_->Set({}); }
  Circumstances circumstances() const override { return {.troubled = changes_ > 0}; }

 private:
  rpc::DatagramProxy* const proxy_;
};

}  // namespace ledger
