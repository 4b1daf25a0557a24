// The frames that belong to no call, and time: HELLO, PING, PONG, CREDIT, keepalive.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "rpc/session/fault.h"
#include "rpc/session/session.h"
#include "rpc/wire/frame_text.h"
#include "rpc/wire/header.pb.h"

namespace rpc::session {
namespace {

constexpr char kAgent[] = "uvrpc/1 (C++)";

std::string WriteHelloBody(const Limits& limits, wire::Form form) {
  wire::Hello hello;
  hello.set_version(wire::kProtocolVersion);
  hello.set_max_message(limits.message_size_max);
  hello.set_max_frame(limits.frame_body_size_max);
  hello.set_call_window(limits.call_window);
  hello.set_max_calls(limits.calls_max);
  hello.set_md5(limits.md5_waived ? wire::Hello::WAIVED : wire::Hello::REQUIRED);
  if (limits.zstd) hello.add_encodings(wire::HeaderRecord::ZSTD);
  hello.set_agent(kAgent);
  hello.set_max_header(limits.header_size_max);
  std::string body;
  if (form == wire::Form::kBinary) {
    hello.SerializeToString(&body);
  } else {
    (void)google::protobuf::util::MessageToJsonString(hello, &body);
  }
  return body;
}

bool ReadHelloBody(const wire::Frame& frame, wire::Hello* hello) {
  if (frame.body.empty()) return true;
  if (frame.header.form == wire::Form::kBinary) {
    return hello->ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size()));
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const google::protobuf::StringPiece text(frame.body.data(), frame.body.size());
  return google::protobuf::util::JsonStringToMessage(text, hello, options).ok();
}

uint64_t OrDefault(uint64_t value, uint64_t default_value) {
  return value == 0 ? default_value : std::min(value, wire::kNumberMax);
}

}  // namespace

void Session::HandleFrame(const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  ++counters_.frames_received;
  if (trace_) trace_("<- " + wire::DescribeFrame(header));
  header_seen_ = true;
  if (first_frame()) {
    if (TakesFormOfPeer()) form_ = header.form;
    OnFirstFrame(frame);
    if (over()) return;
  }
  if (MayBeSkipped(header.kind)) return;
  if (!IsKnown(header.kind)) {
    return Fail(
        absl::UnimplementedError(absl::StrCat("frame of kind ", static_cast<int32_t>(header.kind),
                                              " is unknown to version ", wire::kProtocolVersion)));
  }
  switch (header.kind) {
    case wire::Kind::kPing:
      return HandlePing();
    case wire::Kind::kPong:
      if (pings_unanswered_ > 0) --pings_unanswered_;
      return OnPong();
    case wire::Kind::kCredit:
      return HandleCredit(frame);
    default:
      return OnFrame(frame);
  }
}

void Session::HandleCredit(const wire::Frame& frame) {
  const uint64_t id = frame.header.call;
  if (id > HighestSeen()) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("CREDIT for call ", id, ", but the highest call so far is ", HighestSeen())));
  }
  Call* call = Find(id);
  if (call == nullptr) {
    ++counters_.frames_ignored;
  } else {
    sender_.AddCredit(call, frame.header.credit);
  }
}

void Session::SendHello() {
  wire::Header header;
  header.kind = wire::Kind::kHello;
  header.form = form_;
  sender_.SendNow(&header, WriteHelloBody(limits_, form_));
}

absl::Status Session::ReadHello(const wire::Frame& frame, bool md5_waived) {
  if (absl::Status s = CheckHelloSize(frame); !s.ok()) return s;
  if (frame.check == wire::BodyCheck::kBad ||
      (frame.check == wire::BodyCheck::kAbsent && !md5_waived)) {
    return absl::DataLossError("the body of HELLO does not have the md5 of its header");
  }
  wire::Hello hello;
  if (!ReadHelloBody(frame, &hello)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body of HELLO, ", frame.body.size(), " bytes, can't be read"));
  }
  PeerLimits& peer = sender_.peer();
  peer.takes_parts = true;
  peer.message_size_max = OrDefault(hello.max_message(), wire::kMessageSizeMaxDefault);
  peer.frame_body_size_max =
      std::max(OrDefault(hello.max_frame(), wire::kFrameBodySizeMaxDefault), kFrameBodySizeMin);
  peer.call_window = std::max(OrDefault(hello.call_window(), Limits().call_window), kCallWindowMin);
  peer.calls_max = OrDefault(hello.max_calls(), Limits().calls_max);
  peer.header_size_max = std::min(std::max(hello.max_header(), wire::kHeaderSizeMaxDefault),
                                  wire::kHeaderSizeMaxCeiling);
  for (int encoding : hello.encodings()) peer.zstd |= encoding == wire::HeaderRecord::ZSTD;
  sender_.encoder().set_md5(hello.md5() != wire::Hello::WAIVED);
  return absl::OkStatus();
}

void Session::SendPing() {
  wire::Header header;
  header.kind = wire::Kind::kPing;
  header.form = form_;
  sender_.SendNow(&header);
  ping_sent_us_ = last_ping_us_ = now_us_;
  ++pings_unanswered_;
}

void Session::HandlePing() {
  counters_.pings_merged += pong_due_;
  pong_due_ = true;
  if (last_pong_us_ == 0 || now_us_ - last_pong_us_ >= limits_.pong_interval_us) SendPong();
}

void Session::SendPong() {
  pong_due_ = false;
  last_pong_us_ = now_us_;
  wire::Header header;
  header.kind = wire::Kind::kPong;
  header.form = form_;
  sender_.SendNow(&header);
}

TimeUs Session::KeepaliveTimeUs() const {
  if (Broken(Fault::kKeepaliveAsleep)) return kNever;
  if (!header_seen_ && FirstFrameIsDue()) return start_us_ + limits_.first_header_timeout_us;
  if (!PeerAnswersPings()) return kNever;
  if (ping_outstanding()) {
    return std::max(ping_sent_us_, input_us_) + limits_.keepalive_timeout_us;
  }
  return std::max(input_us_ + limits_.keepalive_idle_us, last_ping_us_ + limits_.ping_interval_us);
}

void Session::CheckKeepalive() {
  if (now_us_ < KeepaliveTimeUs()) return;
  if (!header_seen_) {
    return Close(absl::UnavailableError(
                     absl::StrCat("no header within ", limits_.first_header_timeout_us, " us")),
                 Ending::kNow);
  }
  if (!ping_outstanding()) return SendPing();
  Close(absl::UnavailableError(absl::StrCat("the peer is dead: no byte within ",
                                            limits_.keepalive_timeout_us, " us of a PING")),
        Ending::kNow);
}

void Session::CheckOutputMoves() {
  if (sender_.encoder().size() == 0 || now_us_ < output_us_ + limits_.keepalive_idle_us) return;
  Close(absl::UnavailableError(absl::StrCat("the peer is dead: it took no byte for ",
                                            limits_.keepalive_idle_us, " us")),
        Ending::kNow);
}

}  // namespace rpc::session
