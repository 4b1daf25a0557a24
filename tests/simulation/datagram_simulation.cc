#include "tests/simulation/datagram_simulation.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/simulation/datagram_call.h"
#include "tests/simulation/datagram_caller.h"
#include "tests/simulation/datagram_network.h"
#include "tests/simulation/datagram_service.h"

namespace rpc::simulation {
namespace {

// The longest that a call, its handler and what is remembered of it take after the last trouble.
constexpr TimeUs kEndAfterUs = 150 * kSecondUs;

// How many datagrams a forger keeps to send them again.
constexpr size_t kOverheardMax = 50;

class Run {
 public:
  Run(uint64_t seed, const Trace& trace);
  Outcome Finish();

 private:
  template <typename Act>
  void Sometimes(bool danger, uint64_t times_max, Act act);
  void PlanCalls();
  void PlanDangers();
  void SendGarbage();
  void SendForged();
  void SendFlood();
  std::string AnyFrame();
  bool idle() const;

  World world_;
  DatagramScenario scenario_;
  DatagramNetwork network_;
  DatagramBook book_;
  DatagramService service_;
  std::deque<DatagramCaller> callers_;
  std::vector<std::string> overheard_;
};

Run::Run(uint64_t seed, const Trace& trace)
    : world_(seed, trace),
      scenario_(world_.random().Fork()),
      network_(&world_, &scenario_),
      book_(&world_, &scenario_),
      service_(&world_, &scenario_, &network_, &book_) {
  network_.on_header_flip = [this](const std::string& address) { book_.Taint(address); };
  network_.on_overheard = [this](const std::string&, std::string_view bytes) {
    if (overheard_.size() < kOverheardMax) overheard_.emplace_back(bytes);
  };
  for (int i = 1; i <= scenario_.clients; ++i) {
    callers_.emplace_back(&world_, &scenario_, &network_, &book_, i);
  }
  PlanCalls();
  PlanDangers();
}

void Run::PlanCalls() {
  for (int i = 0; i < scenario_.calls; ++i) {
    DatagramRecord* call =
        book_.Add(DatagramPlan(world_.random().Fork(), scenario_, static_cast<uint64_t>(i) + 1));
    DatagramCaller* caller = &callers_[world_.random().Below(callers_.size())];
    world_.After(call->plan.start_us, [caller, call] { caller->Start(call); });
  }
}

template <typename Act>
void Run::Sometimes(bool danger, uint64_t times_max, Act act) {
  if (!danger) return;
  for (uint64_t left = world_.random().Between(1, times_max); left > 0; --left) {
    world_.After(world_.random().Below(scenario_.span_us), act);
  }
}

void Run::PlanDangers() {
  Sometimes(scenario_.strangers, 50, [this] { SendGarbage(); });
  Sometimes(scenario_.forgers, 50, [this] { SendForged(); });
  Sometimes(scenario_.flood, 300, [this] { SendFlood(); });
  Sometimes(scenario_.restarts, 3, [this] {
    world_.Count("fault: client restarts");
    callers_[world_.random().Below(callers_.size())].Restart();
  });
  Sometimes(scenario_.drains, 2, [this] { service_.Drain(); });
  Sometimes(scenario_.kills, 2, [this] { service_.Kill(); });
}

// A whole frame of any kind, with numbers that may be those of a call.
std::string Run::AnyFrame() {
  Random& random = world_.random();
  wire::Header header;
  header.kind = wire::Kind{static_cast<int>(random.Below(10))};
  header.form = random.Percent(50) ? wire::Form::kJson : wire::Form::kBinary;
  header.call = random.Below(20);
  header.session = random.Percent(10) ? 0 : random.Next() | 1;
  header.flags = random.Below(16);
  header.timeout_us = random.Spread(100 * kSecondUs);
  header.name = random.Percent(50) ? "Unary" : "Unknown";
  std::string bytes;
  session::WriteDatagram(header, std::string(random.Below(50), 'x'), &bytes);
  return bytes;
}

void Run::SendGarbage() {
  Random& random = world_.random();
  std::string bytes = random.Percent(50) ? AnyFrame() : std::string(random.Below(200), '\0');
  if (random.Percent(50)) {
    for (char& c : bytes) c = static_cast<char>(c ^ random.Below(256) * random.Percent(30));
  }
  world_.Count("fault: garbage sent");
  const std::string source = absl::StrCat("stranger-", random.Below(3));
  if (random.Percent(60)) {
    return network_.Inject(source, std::string(kServerAddress), std::move(bytes));
  }
  // In the server's name, which does not help: its session is another.
  const std::string& address = callers_[random.Below(callers_.size())].address();
  network_.Inject(std::string(kServerAddress), address, std::move(bytes));
}

// The same CALL from another address is another call; its reply goes to that address.
void Run::SendForged() {
  if (overheard_.empty()) return;
  Random& random = world_.random();
  world_.Count("fault: CALL forged");
  network_.Inject(absl::StrCat("stranger-", random.Below(3)), std::string(kServerAddress),
                  overheard_[random.Below(overheard_.size())]);
}

void Run::SendFlood() {
  Random& random = world_.random();
  wire::Header header;
  header.call = 1 + random.Below(1'000);
  header.session = 1 + random.Below(3);
  header.flags = wire::kFlagLast;
  header.timeout_us = 1 + random.Spread(60 * kSecondUs - 1);
  header.name = "Unary";
  std::string bytes;
  session::WriteDatagram(header, std::string(random.Below(400), 'x'), &bytes);
  world_.Count("fault: flood");
  network_.Inject(absl::StrCat("stranger-", random.Below(3)), std::string(kServerAddress),
                  std::move(bytes));
}

bool Run::idle() const {
  return book_.open_calls() == 0 && service_.idle() &&
         std::all_of(callers_.begin(), callers_.end(),
                     [](const DatagramCaller& caller) { return caller.idle(); });
}

Outcome Run::Finish() {
  world_.After(scenario_.span_us, [this] {
    world_.Heal();
    world_.Write("all is healed");
    if (!scenario_.calm) book_.NoteHealed();
    service_.Heal();
  });
  const TimeUs until_us = scenario_.span_us + kEndAfterUs;
  while ((!world_.healed() || !idle()) && world_.now_us() <= until_us && world_.Step()) {
  }
  if (!idle()) {
    world_.Complain(absl::StrCat("after ", kEndAfterUs / kSecondUs, " s there wait ",
                                 book_.open_calls(), " calls, or something is remembered"));
  }
  return {world_.complaint(), world_.steps(), world_.digest(), world_.counts()};
}

}  // namespace

Outcome SimulateDatagrams(uint64_t seed, const Trace& trace) { return Run(seed, trace).Finish(); }

}  // namespace rpc::simulation
