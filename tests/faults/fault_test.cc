// Each fault of a network by itself, over each way: every call is accounted for, and what the fault
// does was seen. Calls are made until it was: how many they are is the machine's affair.
#include "tests/faults/fault.h"

#include <cctype>
#include <cstdint>
#include <numeric>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/faults/account.h"
#include "tests/faults/ledger_run.h"
#include "tests/faults/server_process.h"
#include "tests/faults/weather.h"
#include "tests/support/datagram_proxy.h"
#include "tests/support/proxy.h"

namespace ledger {
namespace {

using absl::StatusCode;

constexpr uint64_t kCallsMin = 300;
constexpr uint64_t kSuccessesMin = 100;
// Without the fault's having been seen. Over UDP a server remembers 10,000 calls, and takes no
// more.
constexpr uint64_t kCallsMax = 100'000;
constexpr uint64_t kCallsOverUdpMax = 9'500;

constexpr absl::Duration kSlack = absl::Seconds(10);
// Far more than a network takes that loses nothing for good.
constexpr absl::Duration kTimeout = absl::Seconds(40);
// In a black hole calls have to end while it lasts.
constexpr absl::Duration kShortTimeout = absl::Milliseconds(100);

// A proxy may take up to all calls that are under way for older than they are, when it loses the
// processor between looking at its clock and reading. It does not do so to the most of them.
bool HoldsUp(const WeatherReport& weather, uint64_t calls) {
  return weather.calls_held_up >= calls && weather.calls_too_quick * 4 <= weather.calls_held_up;
}

// What there is only with this fault: over a channel that is patient connections end of nothing
// else, and this server never drains them.
bool IsSeen(Fault fault, Way way, const Account& account) {
  const std::string name = ShortName(way);
  const WeatherReport weather = account.weather(name);
  const bool unavailable = account.calls(name, StatusCode::kUnavailable) > 0;
  switch (fault) {
    case Fault::kDelay:
      return HoldsUp(weather, 200);
    case Fault::kThrottle:
      return HoldsUp(weather, 5);
    case Fault::kCutEach:
    case Fault::kCutAfter:
    case Fault::kHalfClose:
    case Fault::kClose:
      return weather.connections_cut > 0 && unavailable;
    case Fault::kCorrupt:
      return weather.bytes_corrupted > 0 &&
             (way == Way::kTls ? unavailable : account.calls(name, StatusCode::kDataLoss) > 0);
    case Fault::kBlackHole:
      return weather.calls_held_up >= 20 &&
             account.calls(name, StatusCode::kDeadlineExceeded) > 0 &&
             (way == Way::kUdp ? weather.datagrams_lost > 0 : unavailable);
    case Fault::kLoss:
      return weather.datagrams_lost > 0;
    case Fault::kDuplicates:
      return weather.datagrams_duplicated > 0;
    case Fault::kReordering:
      return weather.datagrams_reordered > 0;
    case Fault::kFair:
      break;
  }
  return false;
}

// A black hole has to be noticed, and over TLS a length that was corrupted: the rest never comes.
bool NeedsWatching(Fault fault, Way way) {
  return fault == Fault::kBlackHole || (fault == Fault::kCorrupt && way == Way::kTls);
}

class FaultTest : public testing::TestWithParam<std::tuple<Fault, Way>> {
 protected:
  Account RunUntilSeen() const {
    const auto enough = [this](const Account& account) {
      return account.calls() >= kCallsMin &&
             account.calls(name_, StatusCode::kOk) >= kSuccessesMin &&
             IsSeen(fault_, way_, account);
    };
    return RunLedger({.calls = way_ == Way::kUdp ? kCallsOverUdpMax : kCallsMax,
                      .ways = {way_},
                      .slack = kSlack,
                      .only = fault_,
                      .timeout = fault_ == Fault::kBlackHole ? kShortTimeout : kTimeout,
                      .limited = false,
                      .new_channel = NeedsWatching(fault_, way_) ? QuickChannel : PatientChannel,
                      .enough = enough});
  }

  const Fault fault_ = std::get<0>(GetParam());
  const Way way_ = std::get<1>(GetParam());
  const std::string name_ = ShortName(way_);
};

// CutEachOverTls
std::string TestName(const testing::TestParamInfo<std::tuple<Fault, Way>>& info) {
  std::string name;
  bool begins = true;
  for (const char c : NameOf(std::get<0>(info.param))) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalpha(byte) != 0) name += static_cast<char>(begins ? std::toupper(byte) : byte);
    begins = std::isalpha(byte) == 0;
  }
  return name + "Over" + rpc::WayName(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Streams, FaultTest,
                         testing::Combine(testing::ValuesIn(kStreamFaults),
                                          testing::Values(Way::kTcp, Way::kTls, Way::kUnix)),
                         TestName);
INSTANTIATE_TEST_SUITE_P(Datagrams, FaultTest,
                         testing::Combine(testing::ValuesIn(kDatagramFaults),
                                          testing::Values(Way::kUdp)),
                         TestName);

TEST_P(FaultTest, IsSeenAndEveryCallAccountedFor) {
  const Account account = RunUntilSeen();
  EXPECT_EQ(account.complaints(), 0u) << account.Table();
  EXPECT_TRUE(IsSeen(fault_, way_, account)) << account.Table();
  EXPECT_GE(account.calls(name_, StatusCode::kOk), kSuccessesMin) << account.Table();
  const WeatherReport weather = account.weather(name_);
  EXPECT_EQ(weather.times_of(fault_) + weather.times_of(Fault::kFair),
            std::accumulate(weather.times.begin(), weather.times.end(), uint64_t{0}));
  if (fault_ == Fault::kBlackHole) {
    EXPECT_EQ(weather.calls_too_quick, 0u) << "answered out of a black hole\n" << account.Table();
  } else if (!EndsConnections(fault_)) {
    // With no complaint that is: all OK, but for those with a short deadline or given up by us.
    EXPECT_LT(account.longest(name_), kTimeout) << account.Table();
  }
}

constexpr char kNowhere[] = "127.0.0.1:1";

TEST(Weather, IsAReasonForUnavailableOnceItEndsConnections) {
  for (const Fault fault : kStreamFaults) {
    rpc::Proxy proxy(std::string("tcp://") + kNowhere);
    StreamWeather weather(&proxy, /*encrypted=*/false, /*seed=*/1, fault);
    EXPECT_FALSE(weather.circumstances().troubled);
    weather.Change();
    EXPECT_EQ(weather.circumstances().troubled, EndsConnections(fault)) << NameOf(fault);
    weather.Change();
    EXPECT_EQ(weather.circumstances().troubled, EndsConnections(fault)) << NameOf(fault);
    const uint64_t fair = weather.report().times_of(Fault::kFair);
    EXPECT_EQ(fair, EndsConnections(fault) ? 1u : 0u) << NameOf(fault);
    EXPECT_EQ(weather.report().times_of(fault), 2 - fair) << NameOf(fault);
  }
}

TEST(Weather, OfStreamsIsOfEveryKind) {
  rpc::Proxy proxy(std::string("tcp://") + kNowhere);
  StreamWeather weather(&proxy, /*encrypted=*/false, /*seed=*/1);
  for (int i = 0; i < 1'000; ++i) weather.Change();
  const WeatherReport report = weather.report();
  EXPECT_GT(report.times_of(Fault::kFair), 0u);
  for (const Fault fault : kStreamFaults) EXPECT_GT(report.times_of(fault), 0u) << NameOf(fault);
}

TEST(Weather, OfDatagramsIsOfEveryKindAndNeverAReasonForUnavailable) {
  rpc::DatagramProxy proxy(std::string("udp://") + kNowhere, /*seed=*/1);
  DatagramWeather weather(&proxy, /*seed=*/1);
  for (int i = 0; i < 1'000; ++i) weather.Change();
  const WeatherReport report = weather.report();
  EXPECT_GT(report.times_of(Fault::kFair), 0u);
  for (const Fault fault : kDatagramFaults) EXPECT_GT(report.times_of(fault), 0u) << NameOf(fault);
  EXPECT_FALSE(weather.circumstances().troubled);
}

}  // namespace
}  // namespace ledger
