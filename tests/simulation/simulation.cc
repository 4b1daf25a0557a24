#include "tests/simulation/simulation.h"

#include <algorithm>
#include <deque>

#include "absl/strings/str_cat.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/client.h"
#include "tests/simulation/link.h"
#include "tests/simulation/server.h"

namespace rpc::simulation {
namespace {

// Calls and troubles begin within the span; so much later no new trouble comes, and so long after
// that everything must have ended. Twice: first every call and handler, then every connection.
constexpr TimeUs kHealAfterUs = 10 * kSecondUs;
constexpr TimeUs kEndAfterUs = 300 * kSecondUs;

class Run {
 public:
  Run(uint64_t seed, const Trace& trace);
  Outcome Finish();

 private:
  void PlanCalls();
  void PlanDangers();
  template <typename Act>
  void Sometimes(bool danger, Act act);
  Link* Connect(int server, bool hello);
  void Heal();
  void StepUntil(TimeUs until_us);
  template <typename Condition>
  bool StepUntilTrue(Condition condition);
  void AwaitCalls();
  bool idle() const;
  void CloseEverything();

  World world_;
  Checker checker_;
  std::deque<Link> links_;
  std::deque<Server> servers_;
  std::deque<Client> clients_;
};

Run::Run(uint64_t seed, const Trace& trace) : world_(seed, trace), checker_(&world_) {
  const Scenario& scenario = world_.scenario();
  for (int i = 0; i < scenario.servers; ++i) servers_.emplace_back(&world_, &checker_, i);
  for (int i = 0; i < scenario.clients; ++i) {
    clients_.emplace_back(&world_, &checker_, i,
                          [this](int server, bool hello) { return Connect(server, hello); });
  }
  PlanCalls();
  PlanDangers();
}

Link* Run::Connect(int server, bool hello) {
  if (!servers_[server].listening()) return nullptr;
  links_.emplace_back(&world_, static_cast<int>(links_.size()), hello);
  if (world_.healed()) links_.back().Heal();
  servers_[server].Accept(&links_.back());
  return &links_.back();
}

void Run::PlanCalls() {
  for (int i = 0; i < world_.scenario().calls; ++i) {
    CallRecord* call = checker_.Add(
        CallPlan(world_.random().Fork(), world_.scenario(), static_cast<uint64_t>(i) + 1));
    Client* client = &clients_[world_.random().Below(clients_.size())];
    world_.After(call->plan.start_us, [client, call] { client->Start(call); });
  }
}

// Lets `act` happen to one of the clients or servers a few times.
template <typename Act>
void Run::Sometimes(bool danger, Act act) {
  if (!danger) return;
  for (uint64_t left = world_.random().Between(1, 3); left > 0; --left) {
    world_.After(world_.random().Below(world_.scenario().span_us), act);
  }
}

void Run::PlanDangers() {
  const Dangers& dangers = world_.scenario().dangers;
  auto server = [this]() -> Server& { return servers_[world_.random().Below(servers_.size())]; };
  auto client = [this]() -> Client& { return clients_[world_.random().Below(clients_.size())]; };
  Sometimes(dangers.drains, [server] { server().Drain(); });
  Sometimes(dangers.kills, [server] { server().Kill(); });
  Sometimes(dangers.clock_jumps, [server] { server().JumpClock(); });
  Sometimes(dangers.clock_jumps, [client] { client().JumpClock(); });
  Sometimes(dangers.slow_readers, [server] { server().PauseReading(); });
  Sometimes(dangers.slow_readers, [client] { client().PauseReading(); });
  Sometimes(dangers.shutdowns, [client] { client().ShutDownOne(); });
}

void Run::Heal() {
  world_.Heal();
  world_.Write("all is healed");
  for (Link& link : links_) link.Heal();
}

void Run::StepUntil(TimeUs until_us) {
  bool there = false;
  world_.After(until_us > world_.now_us() ? until_us - world_.now_us() : 0, [&] { there = true; });
  while (!there && world_.Step()) {
  }
}

// False when the time was over, or there was a complaint, before it was true.
template <typename Condition>
bool Run::StepUntilTrue(Condition condition) {
  const TimeUs until_us = world_.now_us() + kEndAfterUs;
  while (!condition()) {
    if (!world_.Step() || world_.now_us() > until_us) return false;
  }
  return true;
}

// Whether no session has anything left of any call.
bool Run::idle() const {
  return std::all_of(clients_.begin(), clients_.end(),
                     [](auto& client) { return client.idle(); }) &&
         std::all_of(servers_.begin(), servers_.end(), [](auto& server) { return server.idle(); });
}

void Run::AwaitCalls() {
  if (StepUntilTrue([this] { return checker_.open_calls() == 0 && idle(); })) return;
  world_.Complain(absl::StrCat("after ", kEndAfterUs / kSecondUs, " s there wait ",
                               checker_.open_calls(), " calls", checker_.DescribeOpenCalls(),
                               idle() ? "" : "; and a session holds calls or memory"));
}

void Run::CloseEverything() {
  for (Client& client : clients_) client.ShutDownAll();
  const bool closed = StepUntilTrue([this] {
    return std::all_of(servers_.begin(), servers_.end(),
                       [](const Server& server) { return server.all_closed(); }) &&
           std::all_of(clients_.begin(), clients_.end(),
                       [](const Client& client) { return client.all_closed(); });
  });
  if (!closed) world_.Complain("a connection does not close");
}

Outcome Run::Finish() {
  StepUntil(world_.scenario().span_us + kHealAfterUs);
  Heal();
  AwaitCalls();
  StepUntil(world_.now_us() + 2 * kSecondUs);
  CloseEverything();
  return {world_.complaint(), world_.steps(), world_.digest(), world_.counts()};
}

}  // namespace

Outcome Simulate(uint64_t seed, const Trace& trace) { return Run(seed, trace).Finish(); }

}  // namespace rpc::simulation
