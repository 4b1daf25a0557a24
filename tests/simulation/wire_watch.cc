#include "tests/simulation/wire_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/session/session.h"
#include "rpc/wire/frame_text.h"

namespace rpc::simulation {

using session::CreditCost;
using wire::Header;
using wire::Kind;

WireWatch::WireWatch(World* world, std::string name, bool hello)
    : world_(world), name_(std::move(name)), hello_(hello) {}

bool WireWatch::ended(uint64_t call) const {
  const auto found = calls_.find(call);
  return found != calls_.end() && found->second.ended;
}

uint64_t WireWatch::request_bytes(uint64_t call) const {
  const auto found = calls_.find(call);
  return found == calls_.end() ? 0 : found->second.request_bytes;
}

void WireWatch::Expect(bool holds, const Header& header, const char* sentence) {
  if (holds) return;
  world_->Complain(
      absl::StrCat("on connection ", name_, ", ", sentence, ": ", wire::DescribeFrame(header)));
}

void WireWatch::OnClientFrame(const Header& header) {
  if (world_->tracing()) world_->Write(name_ + " -> " + wire::DescribeFrame(header));
  world_->Digest(header.call * 16 + static_cast<uint64_t>(header.kind));
  if (stopped_) return;
  const bool first = client_frames_++ == 0;
  Expect((first && hello_) == (header.kind == Kind::kHello), header,
         "HELLO stands first and nowhere else");
  switch (header.kind) {
    case Kind::kCall:
      return OnCall(header);
    case Kind::kMessage:
      return OnRequestPart(&calls_[header.call], header);
    case Kind::kCancel:
      Expect(header.call <= highest_, header, "only a call that was opened is cancelled");
      Expect(!std::exchange(calls_[header.call].cancelled, true), header,
             "a call is cancelled once");
      return;
    case Kind::kCredit:
      Expect(hello_, header, "a client without HELLO grants no credit");
      calls_[header.call].reply_credit += header.credit;
      return;
    case Kind::kPing:
      ++pings_[0];
      return;
    case Kind::kPong:
      return Expect(++pongs_[0] <= pings_[1], header, "a PONG answers a PING");
    case Kind::kEnd:
      return Expect(false, header, "a client sends no END");
    default:
      return;
  }
}

void WireWatch::OnCall(const Header& header) {
  Expect(header.call > highest_, header, "ids rise");
  highest_ = header.call;
  OnRequestPart(&calls_[header.call], header);
}

void WireWatch::OnRequestPart(Call* call, const Header& header) {
  const bool more = header.Has(wire::kFlagMore);
  const bool bare = header.Has(wire::kFlagBare);
  Expect(!call->last, header, "nothing follows LAST");
  Expect(!call->cancelled, header, "nothing follows CANCEL");
  Expect(header.call <= highest_, header, "a message belongs to a call that was opened");
  Expect(!more || (hello_ && !bare && header.size > 0), header, "MORE stands where it may");
  Expect(!bare || !call->client_assembles, header, "nothing stands between the parts of a message");
  call->client_assembles = more;
  call->last = header.Has(wire::kFlagLast);
  if (!bare) call->request_size += CreditCost(header.size);
  if (!bare) call->request_bytes += header.size;
  const uint64_t window =
      std::max(world_->scenario().server_limits.call_window, session::kCallWindowMin);
  Expect(!hello_ || call->request_size <= window + call->request_credit, header,
         "a client keeps to its credit");
}

void WireWatch::OnServerFrame(const Header& header) {
  if (world_->tracing()) world_->Write(name_ + " <- " + wire::DescribeFrame(header));
  world_->Digest(header.call * 16 + 8 + static_cast<uint64_t>(header.kind));
  if (stopped_) return;
  const bool first = server_frames_++ == 0;
  const bool due = first && hello_ && header.kind != Kind::kGoaway;
  Expect(due == (header.kind == Kind::kHello), header,
         "the server's HELLO stands first and nowhere else");
  server_greeted_ |= header.kind == Kind::kHello;
  switch (header.kind) {
    case Kind::kMessage:
      return OnReplyPart(&calls_[header.call], header);
    case Kind::kEnd:
      return OnEnd(&calls_[header.call], header);
    case Kind::kCredit:
      Expect(hello_, header, "a client without HELLO is sent no CREDIT");
      calls_[header.call].request_credit += header.credit;
      return;
    case Kind::kPing:
      ++pings_[1];
      return Expect(hello_, header, "a client without HELLO is sent no PING");
    case Kind::kPong:
      return Expect(++pongs_[1] <= pings_[0], header, "a PONG answers a PING");
    case Kind::kGoaway:
      Expect(hello_ || header.code != 0, header, "a client without HELLO is not told of a drain");
      Expect(header.call <= goaway_call_, header, "a later GOAWAY names no higher call");
      goaway_call_ = header.call;
      return;
    case Kind::kCall:
    case Kind::kCancel:
      return Expect(false, header, "a server sends no CALL and no CANCEL");
    default:
      return;
  }
}

void WireWatch::OnReplyPart(Call* call, const Header& header) {
  const bool more = header.Has(wire::kFlagMore);
  const bool bare = header.Has(wire::kFlagBare);
  Expect(header.call <= highest_, header, "a reply belongs to a call that was opened");
  Expect(!call->ended, header, "nothing follows END");
  Expect(!more || (hello_ && !bare && header.size > 0), header, "MORE stands where it may");
  Expect(!bare || !call->server_assembles || header.code != 0, header,
         "nothing stands between the parts of a message");
  call->server_assembles = more;
  call->reply_begun = true;
  if (!bare) call->reply_size += CreditCost(header.size);
  const uint64_t window =
      std::max(world_->scenario().client_limits.call_window, session::kCallWindowMin);
  Expect(!hello_ || call->reply_size <= window + call->reply_credit, header,
         "a server keeps to its credit");
}

void WireWatch::OnEnd(Call* call, const Header& header) {
  const bool unseen = header.Has(wire::kFlagUnseen);
  Expect(!call->ended, header, "a call has one END");
  Expect(!unseen || (header.code != 0 && !call->reply_begun), header,
         "UNSEEN stands on an error that is all of the reply");
  Expect(header.code == 0 || header.size == 0, header, "an error carries no message");
  OnReplyPart(call, header);
  call->ended = true;
}

}  // namespace rpc::simulation
