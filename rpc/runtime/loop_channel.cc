#include "rpc/runtime/loop_channel.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/runtime/duration.h"

namespace rpc::runtime {

namespace {

absl::Status LoopEnded() { return absl::UnavailableError("the channel's loop has ended"); }

// How soon a call could be sent.
int Rank(ChannelState state) {
  static constexpr int kRank[] = {1, 2, 3, 0};
  return kRank[static_cast<int>(state)];
}

}  // namespace

LoopChannel::LoopChannel(std::shared_ptr<const Target> target, net::Loop* loop)
    : target_(std::move(target)),
      loop_(loop),
      mailbox_(loop->mailbox()),
      connection_per_call_(target_->options.connection_per_call) {
  loop->AddUser(this);
  loop->SpinFor(ToUs(target_->options.busy_poll));
  if (connection_per_call_) return;
  for (int i = 0; i < std::max(1, target_->options.connections); ++i) {
    lines_.push_back(std::make_unique<Line>(this));
  }
}

// No call is under way: each holds the channel.
LoopChannel::~LoopChannel() { OnLoopEnd(); }

void LoopChannel::OnLoopEnd() {
  ended_ = true;
  held_.Append(&waiting_);
  net::List<ClientCall::Place> held;
  held.Append(&held_);
  while (ClientCall::Place* place = held.pop_front()) place->call->Cancel(LoopEnded());
  for (const std::unique_ptr<Line>& line : lines_) {
    if (line->state() == ChannelState::kReady) apart_.push_back(line->Release().release());
  }
  lines_.clear();
  while (ClientCarrier* carrier = apart_.front()) {
    carrier->EndCalls(LoopEnded());
    delete carrier;
  }
  UpdateState();
}

// Calls.

void LoopChannel::Begin(ClientCall* call) {
  if (ended_) return call->FailUnopened(LoopEnded());
  if (OpenOnAnyLine(call)) return;
  const bool patient = call->waits_for_ready() || call->repeated();
  if (AllLinesPause() && !patient) return call->FailUnopened(failure());
  if (waiting_count_ >= target_->options.calls_waiting_max) {
    return call->FailUnopened(absl::ResourceExhaustedError(
        absl::StrCat(waiting_count_, " calls wait for the server, and no more may")));
  }
  waiting_.push_back(&call->place);
  ++waiting_count_;
  call->SetWaiting();
  if (connection_per_call_) {
    lines_.push_back(std::make_unique<Line>(this));
    lines_.back()->Connect();
  }
  UpdateState();
}

bool LoopChannel::AllLinesPause() const {
  return !lines_.empty() && !connection_per_call_ &&
         std::all_of(lines_.begin(), lines_.end(),
                     [](const auto& line) { return line->state() == ChannelState::kBackoff; });
}

// Over the lines in turn, and past those that are not ready.
bool LoopChannel::OpenOnAnyLine(ClientCall* call) {
  if (connection_per_call_) return false;
  for (size_t i = 0; i < lines_.size(); ++i) {
    Line* line = NextLine();
    line->Connect();  // it is wanted, though another may serve until it is there
    if (line->state() != ChannelState::kReady) continue;
    line->carrier()->Touch();
    if (!line->carrier()->has_room()) continue;
    call->OpenOn(line->carrier());
    return true;
  }
  return false;
}

Line* LoopChannel::NextLine() { return lines_[next_line_++ % lines_.size()].get(); }

void LoopChannel::OpenWaiting() {
  // A line that connects within it comes back here.
  if (std::exchange(opening_, true)) return;
  while (ClientCall::Place* place = waiting_.front()) {
    if (!OpenOnAnyLine(place->call)) break;
  }
  opening_ = false;
}

// Those that do not want to wait for another attempt; only one, when it has its own.
void LoopChannel::FailWaiting(const absl::Status& why) {
  ClientCall::Place* next = nullptr;
  for (ClientCall::Place* place = waiting_.front(); place != nullptr; place = next) {
    next = waiting_.next(place);
    if (place->call->waits_for_ready()) continue;
    place->call->FailUnopened(why);
    if (connection_per_call_) return;
  }
}

std::string_view LoopChannel::WhatIsWaitedFor() const {
  switch (state()) {
    case ChannelState::kReady:
      return "while the server took no more calls";
    case ChannelState::kBackoff:
      return "while there was no connection";
    default:
      return "while connecting";
  }
}

void LoopChannel::CallStopsWaiting() {
  --waiting_count_;
  if (connection_per_call_) RetireUnwanted();
}

// Lines.

void LoopChannel::Connect() {
  if (ended_) return;
  if (lines_.empty()) lines_.push_back(std::make_unique<Line>(this));
  lines_.front()->Connect();
  UpdateState();
}

void LoopChannel::OnLineReady(Line* line) {
  if (!connection_per_call_) {
    UpdateState();
    return OpenWaiting();
  }
  ClientCarrier* carrier = line->Release().release();
  apart_.push_back(carrier);
  RetireLine(line);
  carrier->SetSingleUse();
  if (ClientCall::Place* place = waiting_.front()) {
    place->call->OpenOn(carrier);
  }
  // Its call was given up, or could not be opened.
  if (carrier->idle()) carrier->Shutdown();
  UpdateState();
}

void LoopChannel::OnLineFailed(const absl::Status& why) {
  UpdateState();
  const bool others_may_succeed = std::any_of(lines_.begin(), lines_.end(), [](const auto& line) {
    return line->state() == ChannelState::kConnecting || line->state() == ChannelState::kReady;
  });
  if (connection_per_call_ || !others_may_succeed) FailWaiting(why);
}

void LoopChannel::OnLineIdle(Line* line) {
  if (connection_per_call_ && lines_.size() > waiting_count_) {
    RetireLine(line);
  } else if (!waiting_.empty()) {
    line->Connect();
  }
  UpdateState();
}

// Connections.

void LoopChannel::OnDraining(ClientCarrier* carrier, const absl::Status& why) {
  for (const std::unique_ptr<Line>& line : lines_) {
    if (line->carrier() == carrier) apart_.push_back(line->Lose(why).release());
  }
  UpdateState();
  if (!waiting_.empty() && !connection_per_call_) NextLine()->Connect();
}

void LoopChannel::OnRoom() {
  if (!ended_ && !connection_per_call_ && !waiting_.empty()) OpenWaiting();
}

void LoopChannel::Forget(ClientCarrier* carrier) { delete carrier; }

absl::Status LoopChannel::failure() const {
  for (const std::unique_ptr<Line>& line : lines_) {
    if (!line->failure().ok()) return line->failure();
  }
  return absl::OkStatus();
}

void LoopChannel::RetireLine(Line* line) {
  std::erase_if(lines_, [&](const auto& each) { return each.get() == line; });
}

// With a connection for each call: no more of them are under way than calls wait for. Of a line
// that connects nothing else is on the stack when a call is given up.
void LoopChannel::RetireUnwanted() {
  const auto connects = [](const auto& line) { return line->state() == ChannelState::kConnecting; };
  const auto count = std::count_if(lines_.begin(), lines_.end(), connects);
  if (static_cast<size_t>(count) <= waiting_count_) return;
  lines_.erase(std::find_if(lines_.begin(), lines_.end(), connects));
  UpdateState();
}

void LoopChannel::UpdateState() {
  ChannelState best = lines_.empty() ? ChannelState::kIdle : lines_.front()->state();
  for (const std::unique_ptr<Line>& line : lines_) best = Better(best, line->state());
  if (state_.exchange(best, std::memory_order_relaxed) == best) return;
  while (Watcher* watcher = watchers_.pop_front()) watcher->wait->Wake();
}

ChannelState Better(ChannelState a, ChannelState b) { return Rank(b) > Rank(a) ? b : a; }

}  // namespace rpc::runtime
