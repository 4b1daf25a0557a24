// One side of a call's messages, client's or server's, as Reader and Writer see it.
//
// Internal. Threads: belongs to its call's loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"
#include "rpc/runtime/scope.h"
#include "rpc/session/session.h"
#include "rpc/wire/frame_format.h"

namespace rpc::runtime {

class StreamEnd {
 public:
  // How a wait for a message, or for room, goes on.
  enum class Progress : uint8_t { kDone, kOver, kNotYet };

  // Puts the next message into `message`. kOver: there is none any more, and status() says why.
  Progress Read(google::protobuf::MessageLite* message);

  // Sends a message. kOver: nobody takes it any more; kNotYet: wait until there is room.
  Progress Write(const google::protobuf::MessageLite& message);

  // Who is woken when Read, or Write, may do more. One at a time each.
  void AwaitMessage(Wait* reader, google::protobuf::MessageLite* into) {
    reader_ = reader;
    into_ = into;
  }
  void AwaitRoom(Wait* writer) { writer_ = writer; }
  void LeaveReader(Wait* reader) {
    if (reader_ == reader) reader_ = nullptr;
  }
  void LeaveWriter(Wait* writer) {
    if (writer_ == writer) writer_ = nullptr;
  }

  virtual net::Loop* stream_loop() const = 0;

  // Whether this thread may block for the stream. On the stream's own loop it may not: the stream
  // ends, FAILED_PRECONDITION. Throws std::logic_error on another loop's thread.
  bool CheckMayBlock();

  // The scope that ends with this call, when there is one: a handler's.
  virtual Scope* own_scope() { return nullptr; }

  // OK while messages may follow, and after the last of a stream that ended well.
  const absl::Status& status() const { return status_; }

  // What it keeps for the next messages of memory that is worth counting.
  size_t large_size() const { return size_max_ > kSmallSizeMax ? 2 * size_max_ : 0; }

  // Whether a wait that could be answered at once goes through the loop all the same, so that a
  // coroutine that always finds a message does not keep everybody else waiting.
  bool ShouldYield() { return turns_++ % kTurnsAtOnce == kTurnsAtOnce - 1; }

 protected:
  ~StreamEnd() = default;

  // What happens to the stream.
  void OnMessage();
  void OnRoom();
  // No more messages come, and none are taken.
  void End(const absl::Status& status);
  // No more messages come.
  void EndInput();

  bool ended() const { return ended_; }

  void NoteSize(size_t size) { size_max_ = std::max(size_max_, size); }

  wire::Form form_ = wire::Form::kBinary;

  void Reset();

 private:
  static constexpr uint32_t kTurnsAtOnce = 64;
  static constexpr size_t kSmallSizeMax = 64 << 10;

  virtual session::ReadResult ReadBytes(std::string_view* bytes) = 0;
  virtual session::Sent WriteBytes(const session::Payload& payload) = 0;
  // Whether messages can be sent already.
  virtual bool open() const = 0;
  // A message that cannot be read or written ends the stream; the status is what it ends with.
  virtual absl::Status Unreadable(const absl::Status& why) = 0;
  // The stream is used in a way that cannot go well.
  virtual void Refuse(const absl::Status& why) { End(why); }

  void WakeReader();
  void WakeWriter();

  Wait* reader_ = nullptr;
  google::protobuf::MessageLite* into_ = nullptr;
  Wait* writer_ = nullptr;
  absl::Status status_;
  std::string scratch_;
  size_t size_max_ = 0;
  uint32_t turns_ = 0;
  bool delivered_ = false;  // into_ has the message that the reader waits for
  bool full_ = false;       // Write is to wait
  bool input_ended_ = false;
  bool ended_ = false;
};

}  // namespace rpc::runtime
