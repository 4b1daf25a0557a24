#include "rpc/runtime/stream_end.h"

#include <stdexcept>
#include <utility>

#include "rpc/net/loop.h"
#include "rpc/runtime/message_codec.h"
#include "rpc/runtime/payload.h"

namespace rpc::runtime {

StreamEnd::Progress StreamEnd::Read(google::protobuf::MessageLite* message) {
  if (std::exchange(delivered_, false)) return Progress::kDone;
  if (!status_.ok()) return Progress::kOver;
  std::string_view bytes;
  switch (ReadBytes(&bytes)) {
    case session::ReadResult::kMessage:
      break;
    case session::ReadResult::kEndOfStream:
    case session::ReadResult::kGone:
    case session::ReadResult::kNothingYet:
      return ended_ || input_ended_ ? Progress::kOver : Progress::kNotYet;
  }
  NoteSize(bytes.size());
  const absl::Status parsed = ParseMessage(form_, bytes, message);
  if (parsed.ok()) return Progress::kDone;
  End(Unreadable(parsed));
  return Progress::kOver;
}

StreamEnd::Progress StreamEnd::Write(const google::protobuf::MessageLite& message) {
  if (ended_) return Progress::kOver;
  if (full_ || !open()) return Progress::kNotYet;
  if (absl::Status s = SerializeMessage(form_, message, &scratch_); !s.ok()) {
    End(Unreadable(s));
    return Progress::kOver;
  }
  NoteSize(scratch_.size());
  switch (WriteBytes(PayloadOf(&scratch_))) {
    case session::Sent::kGoOn:
      return Progress::kDone;
    case session::Sent::kWait:
      full_ = true;
      return Progress::kDone;
    case session::Sent::kGone:
      full_ = true;  // until the end, which is told in this turn
      return Progress::kNotYet;
    case session::Sent::kLate:
      break;
  }
  return Progress::kOver;
}

bool StreamEnd::CheckMayBlock() {
  if (net::Loop::Current() == nullptr) return true;
  if (!stream_loop()->IsCurrent()) {
    throw std::logic_error(
        "Wait() on the thread of another loop than the stream's: co_await there");
  }
  Refuse(absl::FailedPreconditionError(
      "Wait() on a loop's own thread would never return: co_await it"));
  return false;
}

void StreamEnd::OnMessage() {
  if (reader_ == nullptr || delivered_) return;
  // Taken now, while the bytes are at hand: it would have to be kept until the reader runs.
  delivered_ = Read(into_) == Progress::kDone;
  WakeReader();
}

void StreamEnd::OnRoom() {
  full_ = false;
  WakeWriter();
}

void StreamEnd::End(const absl::Status& status) {
  if (std::exchange(ended_, true)) return;
  status_ = status;
  WakeReader();
  WakeWriter();
}

void StreamEnd::EndInput() {
  input_ended_ = true;
  WakeReader();
}

void StreamEnd::WakeReader() {
  if (Wait* reader = std::exchange(reader_, nullptr)) reader->Wake();
}

void StreamEnd::WakeWriter() {
  if (Wait* writer = std::exchange(writer_, nullptr)) writer->Wake();
}

void StreamEnd::Reset() {
  form_ = wire::Form::kBinary;
  reader_ = writer_ = nullptr;
  into_ = nullptr;
  status_ = absl::OkStatus();
  turns_ = 0;
  delivered_ = full_ = input_ended_ = ended_ = false;
}

}  // namespace rpc::runtime
