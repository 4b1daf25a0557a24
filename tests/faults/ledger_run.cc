#include "tests/faults/ledger_run.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "rpc/rpc.h"
#include "tests/faults/weather.h"

namespace ledger {
namespace {

// Calls under way at once over each way.
constexpr int kCallers = 48;
constexpr uint32_t kRunsAtOnce = 50'000;

// After a call that failed: while there is no connection calls fail at once, and a million are
// quickly made.
constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(2);

struct Entry {
  uint8_t ends = 0;
  uint8_t code = 0;
  bool promised_unseen = false;
};

// All calls over one way: a proxy before the server, its weather, and callers.
class Lane {
 public:
  Lane(const LedgerOptions& options, const ServerProcess& server, Way way, uint64_t first,
       uint64_t calls, uint64_t seed)
      : options_(options),
        way_(way),
        name_(ShortName(way)),
        first_(first),
        entries_(calls),
        random_(seed) {
    if (way == Way::kUdp) {
      datagrams_ = std::make_unique<rpc::DatagramProxy>(server.address(way), random_());
      weather_ = std::make_unique<DatagramWeather>(datagrams_.get(), random_(), options.only);
      client_.emplace(options.new_channel(way, datagrams_->address()));
      return;
    }
    const std::string listen = way == Way::kUnix ? SomeUnixAddress() : "tcp://127.0.0.1:0";
    proxy_ = std::make_unique<rpc::Proxy>(server.address(way), listen);
    weather_ =
        std::make_unique<StreamWeather>(proxy_.get(), way == Way::kTls, random_(), options.only);
    client_.emplace(options.new_channel(way, proxy_->address()));
  }

  rpc::Task<void> Run(Account* account, const std::function<void()>& after_each) {
    account_ = account;
    after_each_ = after_each;
    std::vector<rpc::Task<void>> tasks;
    tasks.push_back(ChangeTheWeather());
    for (int i = 0; i < kCallers; ++i) tasks.push_back(MakeCalls());
    co_await rpc::WhenAll(std::move(tasks));
    entries_.resize(next_);
    TellTheWeather();
  }

  void Compare(const std::string& runs, uint64_t from) {
    for (size_t i = 0; i < runs.size(); ++i) {
      const Entry& entry = entries_[from + i];
      account_->EnterRuns(name_, first_ + from + i, static_cast<absl::StatusCode>(entry.code),
                          entry.promised_unseen, static_cast<uint8_t>(runs[i]));
      if (entry.ends == 1) continue;
      account_->Complain(
          absl::StrCat(name_, " call ", first_ + from + i, " ended ", entry.ends, " times"));
    }
  }

  uint64_t first() const { return first_; }
  uint64_t calls() const { return entries_.size(); }

 private:
  rpc::Task<void> ChangeTheWeather() {
    while (!IsOver()) {
      const absl::Duration stays = weather_->Change();
      if (absl::Status slept = co_await rpc::Sleep(stays); !slept.ok()) break;
    }
    weather_->Clear();
  }

  rpc::Task<void> MakeCalls() {
    while (MakesMore()) {
      const uint64_t index = next_++;
      const CallPlan plan = DrawPlan(first_ + index, &random_,
                                     {.streams = way_ != Way::kUdp, .timeout = options_.timeout});
      Entry* const entry = &entries_[index];
      const uint64_t changes = weather_->changes();
      const std::function<void()> on_end = [entry] { ++entry->ends; };
      const CallResult result = co_await MakeCall(*client_, plan, on_end);
      if (weather_->changes() == changes) Measure(plan, result);
      Enter(plan, result, entry);
      if (!result.status.ok() && !result.cancelled_by_us) {
        (void)co_await rpc::Sleep(kPauseAfterFailure);
      }
    }
  }

  bool MakesMore() const { return next_ < entries_.size() && !has_enough_; }
  bool IsOver() const { return !MakesMore() && ended_ == next_; }

  // A call that has begun and ended in the same weather, with what that does to calls.
  void Measure(const CallPlan& plan, const CallResult& result) {
    const absl::Duration least = weather_->LeastTimeOf(plan);
    if (least == absl::ZeroDuration() || result.cancelled_by_us) return;
    const bool stops = least == absl::InfiniteDuration();
    if (result.status.ok() && result.took < least) ++calls_too_quick_;
    if (result.status.ok() ? result.took >= least : stops) ++calls_held_up_;
  }

  void TellTheWeather() {
    WeatherReport report = weather_->report();
    report.calls_held_up = calls_held_up_;
    report.calls_too_quick = calls_too_quick_;
    account_->SetWeather(name_, report);
  }

  void Enter(const CallPlan& plan, const CallResult& result, Entry* entry) {
    entry->code = static_cast<uint8_t>(result.status.code());
    entry->promised_unseen = PromisesUnseen(result.status);
    Circumstances why = weather_->circumstances();
    why.limited = options_.limited;
    why.drained = options_.limited && way_ != Way::kUdp;
    account_->Enter(name_, plan, result, why);
    ++ended_;
    after_each_();
    if (!options_.enough || has_enough_) return;
    TellTheWeather();
    has_enough_ = options_.enough(*account_);
  }

  const LedgerOptions& options_;
  const Way way_;
  const std::string name_;
  const uint64_t first_;
  std::vector<Entry> entries_;
  std::mt19937_64 random_;
  std::unique_ptr<rpc::Proxy> proxy_;
  std::unique_ptr<rpc::DatagramProxy> datagrams_;
  std::unique_ptr<Weather> weather_;
  std::optional<Ledger::Client> client_;
  Account* account_ = nullptr;
  std::function<void()> after_each_;
  uint64_t next_ = 0;
  uint64_t ended_ = 0;
  bool has_enough_ = false;
  uint64_t calls_held_up_ = 0;
  uint64_t calls_too_quick_ = 0;
};

using Lanes = std::vector<std::unique_ptr<Lane>>;

void MakeAllCalls(const LedgerOptions& options, const Lanes& lanes, Account* account) {
  uint64_t ended = 0;
  const uint64_t tenth = std::max<uint64_t>(options.calls / 10, 1);
  const std::function<void()> after_each = [&] {
    if (++ended % tenth == 0 && options.tells_progress) {
      std::fprintf(stderr, "%llu calls\n", static_cast<unsigned long long>(ended));
    }
  };
  rpc::Run([&]() -> rpc::Task<void> {
    std::vector<rpc::Task<void>> tasks;
    for (const auto& lane : lanes) tasks.push_back(lane->Run(account, after_each));
    co_await rpc::WhenAll(std::move(tasks));
  });
}

void CompareWithRuns(const Ledger::Client& direct, const Lanes& lanes, Account* account) {
  for (const auto& lane : lanes) {
    for (uint64_t from = 0; from < lane->calls(); from += kRunsAtOnce) {
      RunsRequest request;
      request.set_first(lane->first() + from);
      request.set_count(
          static_cast<uint32_t>(std::min<uint64_t>(kRunsAtOnce, lane->calls() - from)));
      const absl::StatusOr<RunsReply> reply = direct.Runs(request).Wait();
      if (!reply.ok()) return account->Complain("no runs: " + reply.status().ToString());
      lane->Compare(reply->runs(), from);
    }
  }
}

void CheckServer(const Ledger::Client& direct, Account* account) {
  const absl::StatusOr<Observed> observed = direct.Observe(ObserveRequest()).Wait();
  if (!observed.ok()) return account->Complain("not observed: " + observed.status().ToString());
  if (observed->wrong_items() > 0) {
    account->Complain(absl::StrCat("the server got ", observed->wrong_items(), " wrong items"));
  }
}

}  // namespace

Account RunLedger(const LedgerOptions& options) {
  Account account(options.slack);
  ServerProcess server(options.limited ? std::vector<std::string>{"--limited"}
                                       : std::vector<std::string>{});
  std::mt19937_64 random(options.seed);
  Lanes lanes;
  uint64_t first = 1;
  for (size_t i = 0; i < options.ways.size(); ++i) {
    const uint64_t end = 1 + options.calls * (i + 1) / options.ways.size();
    lanes.push_back(
        std::make_unique<Lane>(options, server, options.ways[i], first, end - first, random()));
    first = end;
  }
  MakeAllCalls(options, lanes, &account);
  const Ledger::Client direct(QuickChannel(Way::kTcp, server.address(Way::kTcp)));
  CompareWithRuns(direct, lanes, &account);
  CheckServer(direct, &account);
  return account;
}

}  // namespace ledger
