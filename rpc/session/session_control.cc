// The frames that belong to no call, and time: HELLO, PING, PONG, CREDIT, keepalive.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
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

uint32_t Clamped(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX));
}

uint64_t OrDefault(uint64_t value, uint64_t default_value) {
  return value == 0 ? default_value : std::min(value, wire::kNumberMax);
}

std::string Text(TimeUs duration_us) {
  return absl::FormatDuration(absl::Microseconds(duration_us));
}

}  // namespace

void Session::HandleFrame(const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  ++counters_.frames_received;
  if (trace_ != nullptr) (*trace_)("<- " + wire::DescribeFrame(header));
  header_seen_ = true;
  first_frame_ = !std::exchange(frame_seen_, true);
  if (first_frame_) {
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
  sender_.SendNow(&header, WriteHelloBody(*limits_, form_));
}

absl::Status Session::ReadHello(const wire::Frame& frame, bool md5_waived) {
  if (absl::Status s = CheckHelloSize(frame); !s.ok()) return s;
  const bool waived = frame.check == wire::BodyCheck::kAbsent && md5_waived;
  if (frame.check != wire::BodyCheck::kGood && !waived) {
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
  peer.frame_body_size_max = Clamped(
      std::max(OrDefault(hello.max_frame(), wire::kFrameBodySizeMaxDefault), kFrameBodySizeMin));
  peer.call_window = std::max(OrDefault(hello.call_window(), Limits().call_window), kCallWindowMin);
  peer.calls_max = Clamped(OrDefault(hello.max_calls(), Limits().calls_max));
  peer.header_size_max = std::min(std::max(hello.max_header(), wire::kHeaderSizeMaxDefault),
                                  wire::kHeaderSizeMaxCeiling);
  sender_.encoder().set_md5(hello.md5() != wire::Hello::WAIVED);
  return absl::OkStatus();
}

void Session::SendPing() {
  wire::Header header;
  header.kind = wire::Kind::kPing;
  header.form = form_;
  sender_.SendNow(&header);
  last_ping_us_ = now_us_;
  ping_outstanding_ = true;
  ++pings_unanswered_;
}

void Session::HandlePing() {
  counters_.pings_merged += pong_due_;
  pong_due_ = true;
  if (last_pong_us_ == 0 || now_us_ - last_pong_us_ >= limits_->pong_interval_us) SendPong();
}

void Session::SendPong() {
  pong_due_ = false;
  last_pong_us_ = now_us_;
  wire::Header header;
  header.kind = wire::Kind::kPong;
  header.form = form_;
  sender_.SendNow(&header);
}

void Session::CheckIdle() {
  if (now_us_ >= IdleTimeUs()) OnIdle();
}

TimeUs Session::IdleTimeUs() const {
  const bool idle = work_->calls.empty() && drain_cause_ == CloseCause::kNone;
  return idle ? After(idle_us_, limits_->idle_timeout_us) : kNever;
}

// When a peer of which nothing is heard is to be asked whether it is there.
TimeUs Session::PingTimeUs() const {
  const bool greeted = header_seen_ || !FirstFrameIsDue();
  if (!greeted || !PeerAnswersPings() || ping_outstanding_) return kNever;
  if (Broken(Fault::kKeepaliveAsleep)) return kNever;
  return std::max(After(input_us_, limits_->keepalive_idle_us),
                  After(last_ping_us_, limits_->ping_interval_us));
}

// The times at which a peer has kept silent for too long.

TimeUs Session::HeaderTimeUs() const {
  const bool due = !header_seen_ && FirstFrameIsDue() && !Broken(Fault::kKeepaliveAsleep);
  return due ? After(header_us_, limits_->first_header_timeout_us) : kNever;
}

TimeUs Session::AnswerTimeUs() const {
  if (!ping_outstanding_) return kNever;
  return After(std::max(last_ping_us_, input_us_), limits_->keepalive_timeout_us);
}

TimeUs Session::OutputTimeUs() const {
  if (sender_.encoder().size() == 0) return kNever;
  return After(output_us_, limits_->keepalive_idle_us);
}

// Who answers PINGs is asked. From who does not, something is due within a frame only.
TimeUs Session::FrameTimeUs() const {
  if (!decoder_.in_frame() || PeerAnswersPings()) return kNever;
  return After(input_us_, limits_->keepalive_idle_us);
}

TimeUs Session::SilenceTimeUs() const {
  return std::min({HeaderTimeUs(), AnswerTimeUs(), FrameTimeUs(), OutputTimeUs()});
}

// When a silent peer is to be looked at, for the first time or the second. (What ends a silence
// moves its time past the first look.)
TimeUs Session::LookTimeUs() const {
  const TimeUs silence_us = SilenceTimeUs();
  return looked_us_ < silence_us ? silence_us : looked_us_ + kSecondLookUs;
}

void Session::CheckSilence() {
  if (now_us_ >= PingTimeUs()) SendPing();
  if (now_us_ < LookTimeUs()) return;
  if (looked_us_ < SilenceTimeUs()) {
    looked_us_ = now_us_;
  } else if (now_us_ >= HeaderTimeUs()) {
    Close(absl::UnavailableError(
              absl::StrCat("no header within ", Text(limits_->first_header_timeout_us))),
          Ending::kNow, CloseCause::kSilent);
  } else {
    Close(absl::UnavailableError(absl::StrCat("the peer is dead: ", WhatIsSilent())), Ending::kNow,
          CloseCause::kDead);
  }
}

std::string Session::WhatIsSilent() const {
  if (now_us_ >= AnswerTimeUs()) {
    return absl::StrCat("no byte within ", Text(limits_->keepalive_timeout_us), " of a PING");
  }
  const std::string idle = Text(limits_->keepalive_idle_us);
  if (now_us_ >= FrameTimeUs()) return absl::StrCat("no byte for ", idle, " within a frame");
  return absl::StrCat("it took no byte for ", idle);
}

}  // namespace rpc::session
