#include "services/cli/frame_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "rpc/wire/bytes_as_text.h"
#include "rpc/wire/frame_text.h"

namespace cli {
namespace {

using rpc::wire::BodyCheck;
using rpc::wire::FrameDecoder;
using rpc::wire::Kind;

constexpr char kTlsFirstByte = 0x16;

// What HELLO may raise the limit of a header to.
constexpr rpc::wire::DecoderLimits kLimits = {
    .header_size_max = rpc::wire::kHeaderSizeMaxCeiling,
    .body_size_max = FrameLog::kBodySizeMax,
};

std::string Checked(const Style& style, const rpc::wire::Frame& frame) {
  switch (frame.check) {
    case BodyCheck::kBad:
      return style.Red(" MD5 WRONG");
    case BodyCheck::kAbsent:
      return style.Dim(" no md5");
    case BodyCheck::kUnread:
      return style.Dim(" body not looked at");
    case BodyCheck::kGood:
    case BodyCheck::kLater:  // only where parts are put together
      break;
  }
  return "";
}

}  // namespace

// The bytes of one direction.
struct FrameLog::Stream {
  explicit Stream(rpc::wire::DecodeBuffers* buffers) : decoder(buffers, kLimits) {}

  FrameDecoder decoder;
  char first_byte = 0;
  bool begun = false;
  bool given_up = false;  // these are no frames
};

struct FrameLog::Connection {
  explicit Connection(rpc::wire::DecodeBuffers* buffers) : to_server(buffers), to_client(buffers) {}

  Stream& of(Direction direction) {
    return direction == Direction::kToServer ? to_server : to_client;
  }

  Stream to_server;
  Stream to_client;
};

std::string FrameText(const Style& style, const rpc::wire::Frame& frame) {
  std::string text = rpc::wire::DescribeFrame(frame.header);
  const bool failed = frame.header.code != 0 &&
                      (frame.header.kind == Kind::kEnd || frame.header.kind == Kind::kGoaway);
  if (failed) text = style.Red(text);
  return text + Checked(style, frame);
}

FrameLog::FrameLog(const Style& style, terminal::Printer* printer, size_t body_bytes_max,
                   OnFrame on_frame)
    : style_(style),
      printer_(printer),
      body_bytes_max_(body_bytes_max),
      on_frame_(std::move(on_frame)) {}

FrameLog::~FrameLog() = default;

FrameLog::Connection& FrameLog::At(uint32_t connection) {
  std::unique_ptr<Connection>& found = connections_[connection];
  if (found == nullptr) found = std::make_unique<Connection>(&buffers_);
  return *found;
}

std::string FrameLog::Arrow(Direction direction) const {
  return direction == Direction::kToServer ? style_.Blue("->") : style_.Green("<-");
}

void FrameLog::Line(absl::Duration at, uint32_t connection, const std::string& arrow,
                    const std::string& text) {
  if (printer_ == nullptr) return;
  const std::string time = absl::StrFormat("%10.6f", absl::ToDoubleSeconds(at));
  (void)printer_->Print(
      absl::StrCat(style_.Dim(time), "  #", connection, "  ", arrow, "  ", text, "\n"));
}

void FrameLog::Opened(absl::Duration at, uint32_t connection, std::string_view by) {
  At(connection);
  Line(at, connection, "  ", absl::StrCat("opened by ", rpc::wire::Printable(by, 120)));
}

void FrameLog::Bytes(absl::Duration at, uint32_t connection, Direction direction,
                     std::string_view bytes) {
  Stream& stream = At(connection).of(direction);
  if (!stream.begun && !bytes.empty()) stream.first_byte = bytes.front();
  stream.begun |= !bytes.empty();
  while (!bytes.empty() && !stream.given_up) {
    const std::span<char> space = stream.decoder.Space();
    const size_t size = std::min(space.size(), bytes.size());
    std::copy_n(bytes.begin(), size, space.begin());
    bytes.remove_prefix(size);
    stream.decoder.Commit(size);
    const rpc::wire::Frame* frame = nullptr;
    FrameDecoder::Event event = stream.decoder.Next(&frame);
    for (; event == FrameDecoder::kFrame || event == FrameDecoder::kHeader;
         event = stream.decoder.Next(&frame)) {
      if (event == FrameDecoder::kFrame) Frame(at, connection, direction, *frame);
    }
    if (event == FrameDecoder::kError) NotFrames(at, connection, direction, stream);
    stream.given_up = event == FrameDecoder::kError;
  }
}

void FrameLog::Frame(absl::Duration at, uint32_t connection, Direction direction,
                     const rpc::wire::Frame& frame) {
  std::string text = FrameText(style_, frame);
  if (body_bytes_max_ > 0 && !frame.body.empty()) {
    absl::StrAppend(&text, "  ", style_.Dim(rpc::wire::Printable(frame.body, body_bytes_max_)));
  }
  Line(at, connection, Arrow(direction), text);
  if (on_frame_) on_frame_(connection, direction, frame);
}

void FrameLog::NotFrames(absl::Duration at, uint32_t connection, Direction direction,
                         const Stream& stream) {
  std::string text =
      absl::StrCat("no frames from here on: ", std::string(stream.decoder.error().message()));
  if (stream.first_byte == kTlsFirstByte) {
    text =
        "TLS: nobody can look into it from outside; what passes is passed on. With "
        "--listen=tls://..., --listen_cert and --listen_key it can be seen";
  }
  Line(at, connection, Arrow(direction), style_.Yellow(text));
}

void FrameLog::Ended(absl::Duration at, uint32_t connection, Direction direction) {
  const Stream& stream = At(connection).of(direction);
  std::string text =
      direction == Direction::kToServer ? "the client writes no more" : "the server writes no more";
  const absl::Status inside = stream.decoder.CheckEnd();
  if (!stream.given_up && !inside.ok()) {
    absl::StrAppend(&text, "; ", style_.Red(std::string(inside.message())));
  }
  Line(at, connection, Arrow(direction), text);
}

void FrameLog::Closed(absl::Duration at, uint32_t connection, std::string_view why) {
  std::string text = "closed";
  if (!why.empty()) absl::StrAppend(&text, ": ", rpc::wire::Printable(why, 300));
  Line(at, connection, "  ", text);
  connections_.erase(connection);
}

}  // namespace cli
