#include "services/chat/chat_service.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/chat/purse.h"

namespace chat {
namespace {

using Conversation = rpc::Stream<Say, Heard>;

class BellListener final : public Listener {
 public:
  void Ring() override { bell_.Ring(); }
  rpc::Bell& bell() { return bell_; }

 private:
  rpc::Bell bell_;
};

rpc::Task<> Rung(rpc::Bell& bell) {
  absl::Status rung = co_await bell.Wait();
  co_return rung;
}

rpc::Task<> RungWithin(rpc::Bell& bell, absl::Duration pause) {
  auto first = co_await rpc::WhenAny(Rung(bell), rpc::Sleep(pause));
  co_return first.index == 0 ? first.get<0>() : first.get<1>();
}

// Until there may be more to read.
rpc::Task<> MoreOf(const Reading& reading, rpc::Bell& bell) {
  const bool at_rest = reading.pause == absl::InfiniteDuration();
  return at_rest ? Rung(bell) : RungWithin(bell, reading.pause);
}

// What goes to this member alone, and before the messages. Empty: nothing does.
std::vector<Heard> NoticesOf(const Reading& reading) {
  std::vector<Heard> notices;
  if (reading.refused.count() > 0) {
    *notices.emplace_back().mutable_refused() = reading.refused;
  }
  if (reading.missed > 0) notices.emplace_back().mutable_missed()->set_count(reading.missed);
  return notices;
}

rpc::Task<bool> WriteAll(const Reading& reading, Conversation& stream) {
  const std::vector<Heard> notices = NoticesOf(reading);
  for (const Heard& notice : notices) {
    const bool written = co_await stream.Write(notice);
    if (!written) co_return false;
  }
  for (const Message& message : reading.messages) {
    const bool written = co_await stream.Write(*message);
    if (!written) co_return false;
  }
  co_return true;
}

// Tells the member what happens, until it has left and heard all before that.
rpc::Task<> TellAll(Seat& seat, rpc::Bell& bell, Conversation& stream) {
  for (;;) {
    const Reading reading = seat.Read();
    const bool written = co_await WriteAll(reading, stream);
    if (!written) co_return stream.status();
    if (reading.over) co_return reading.status;
    if (!reading.messages.empty()) continue;
    absl::Status rung = co_await MoreOf(reading, bell);
    if (!rung.ok()) co_return rung;
  }
}

// False when it is no message for the middle of a conversation.
bool Take(const Say& say, Seat& seat) {
  absl::Status taken;
  switch (say.what_case()) {
    case Say::kText:
      taken = seat.Say(say.text());
      break;
    case Say::kRename:
      taken = seat.Rename(say.rename());
      break;
    default:
      return false;
  }
  if (!taken.ok()) seat.Refuse(taken);
  return true;
}

// Takes what the member says until it says no more. Never returns: TellAll knows when it is over.
rpc::Task<> HearAll(Seat& seat, Conversation& stream) {
  absl::Status why;
  while (const Say* say = co_await stream.Read()) {
    if (Take(*say, seat)) continue;
    why = absl::InvalidArgumentError("what follows the hello is a text or a rename");
    break;
  }
  seat.Leave(why);
  rpc::Bell never;
  co_return co_await Rung(never);
}

// What a Refused would tell besides the reason.
absl::Status TellWait(absl::Status status, rpc::ServerContext& context) {
  const uint32_t wait_ms = WaitMsOf(status);
  if (wait_ms > 0) context.trailing().Add("wait-ms", std::to_string(wait_ms));
  return status;
}

// A conversation has no end of its own that a shutdown could wait for.
rpc::Task<> EndWithServer(rpc::ServerContext& context) {
  absl::Status waited = co_await context.Shutdown();
  co_return waited.ok() ? absl::UnavailableError("the server is shutting down") : waited;
}

}  // namespace

ChatService::ChatService(const Limits& limits, Clock clock) : rooms_(limits, std::move(clock)) {}

rpc::Task<> ChatService::Join(rpc::ServerContext& context, rpc::Stream<Say, Heard>& stream) {
  const Say* const first = co_await stream.Read();
  if (first == nullptr || !first->has_hello()) {
    co_return absl::InvalidArgumentError("the first message of a conversation is its hello");
  }
  BellListener listener;  // outlives the seat
  Heard welcome;
  absl::StatusOr<Seat> seat = rooms_.Join(first->hello(), &listener, welcome.mutable_welcome());
  if (!seat.ok()) co_return seat.status();
  const bool written = co_await stream.Write(welcome);
  if (!written) co_return stream.status();
  auto over = co_await rpc::WhenAny(TellAll(*seat, listener.bell(), stream), HearAll(*seat, stream),
                                    EndWithServer(context));
  if (over.index == 2) co_return over.get<2>();
  co_return over.index == 0 ? over.get<0>() : stream.status();
}

rpc::Task<> ChatService::Post(rpc::ServerContext& context, const PostRequest& request,
                              PostReply& reply) {
  return TellWait(rooms_.Post(request, &reply), context);
}

rpc::Task<> ChatService::Poll(rpc::ServerContext& context, const PollRequest& request,
                              PollReply& reply) {
  return TellWait(rooms_.Poll(request, &reply), context);
}

rpc::Task<> ChatService::Leave(rpc::ServerContext&, const LeaveRequest& request, LeaveReply&) {
  rooms_.Leave(request.visitor());
  return absl::OkStatus();
}

rpc::Task<> ChatService::Rooms(rpc::ServerContext&, const RoomsRequest& request,
                               RoomsReply& reply) {
  rooms_.List(request.after(), &reply);
  return absl::OkStatus();
}

rpc::Task<> ChatService::Who(rpc::ServerContext&, const WhoRequest& request, WhoReply& reply) {
  return rooms_.Who(request, &reply);
}

}  // namespace chat
