// Lets a proxy be one bad network after the other, in an order that a seed gives.
//
//     StreamWeather weather(&proxy, /*encrypted=*/true, seed);
//     co_await rpc::Sleep(weather.Change());          // for how long it stays so
//     weather.Clear();
//
// Or one fault only, and by turns a fair network where calls would not get on: then a seed gives
// how bad it is, which is bad enough to be seen.
//
// Threads: one at a time, but for circumstances(). Lifetime: the proxy outlives it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>

#include "absl/time/time.h"
#include "tests/faults/account.h"
#include "tests/faults/fault.h"
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
  // What a call takes at least that begins and ends before the next change: nothing that one could
  // tell, or InfiniteDuration when it cannot be answered.
  virtual absl::Duration LeastTimeOf(const CallPlan& plan) const = 0;
  // What it was so far; of calls it knows nothing.
  virtual WeatherReport report() const = 0;
  uint64_t changes() const { return changes_; }

 protected:
  Weather(std::optional<Fault> only, uint64_t seed) : only_(only), random_(seed) {}

  uint64_t Draw(uint64_t min, uint64_t max) { return min + random_() % (max - min + 1); }
  // How long it stays so. A fault that is alone has calls that begin and end in it.
  absl::Duration DrawStay();
  uint64_t DrawDelayUs();
  // What it is now, where there is one fault only. The first is that.
  Fault OneOfTwo() const;

  // REQUIRES: it has not been told to the proxy yet: a call may fail at once, and its thread ask.
  void Count(Fault fault) { ++times_[static_cast<size_t>(fault)]; }
  uint64_t times(Fault fault) const { return times_[static_cast<size_t>(fault)]; }
  std::array<uint64_t, kFaultCount> times() const;

  const std::optional<Fault> only_;
  std::mt19937_64 random_;
  std::atomic<uint64_t> changes_ = 0;

 private:
  std::array<std::atomic<uint64_t>, kFaultCount> times_ = {};  // see circumstances()
};

// Delays, slow lines, connections that are cut, corrupted, half closed, closed, or go nowhere. A
// header is not protected without TLS, so there only bodies are corrupted.
class StreamWeather final : public Weather {
 public:
  StreamWeather(rpc::Proxy* proxy, bool encrypted, uint64_t seed,
                std::optional<Fault> only = std::nullopt);

  absl::Duration Change() override;
  void Clear() override;
  Circumstances circumstances() const override;
  absl::Duration LeastTimeOf(const CallPlan& plan) const override;
  WeatherReport report() const override;

 private:
  Fault DrawFault();
  void Become(Fault fault);
  uint64_t BytesCorrupted() const;

  rpc::Proxy* const proxy_;
  const bool encrypted_;
  // What it is now.
  Fault now_ = Fault::kFair;
  rpc::Proxy::Direction direction_ = rpc::Proxy::kToServer;
  uint64_t delay_us_ = 0;
  uint64_t bytes_per_s_ = 0;
};

// Loss, duplicates, reordering, delay, and now and then nothing at all. No corruption: neither is a
// datagram's header protected, and real datagrams have a checksum.
class DatagramWeather final : public Weather {
 public:
  DatagramWeather(rpc::DatagramProxy* proxy, uint64_t seed,
                  std::optional<Fault> only = std::nullopt)
      : Weather(only, seed), proxy_(proxy) {}

  absl::Duration Change() override;
  void Clear() override;
  // A call that is lost ends with its deadline: there is no connection to fail for.
  Circumstances circumstances() const override { return {}; }
  absl::Duration LeastTimeOf(const CallPlan& plan) const override;
  WeatherReport report() const override;

 private:
  rpc::DatagramFaults DrawMixture();
  rpc::DatagramFaults DrawOne(Fault fault);
  void CountEach(const rpc::DatagramFaults& faults);

  rpc::DatagramProxy* const proxy_;
  rpc::DatagramFaults now_ = {};
};

}  // namespace ledger
