// Streams of messages, the same on both sides.
//
//     while (const Number* number = co_await in.Read()) Use(*number);    // then in.status()
//     if (!co_await out.Write(number)) co_return out.status();
//
// Read waits for a message, Write for room: while the peer does not read, a writer stands still. A
// handler whose call is cancelled hears of it once, from the read or write that it waits in or the
// next one; if it reads or writes after that, it does not come back: its coroutine is destroyed
// there.
//
// One Read and one Write may be waiting at a time, each in its own coroutine if you like. Threads:
// the loop of the call. On a client's stream, plain threads may use `.Wait()` instead of co_await.
#pragma once

#include <coroutine>
#include <stdexcept>

#include "absl/status/status.h"
#include "rpc/run.h"
#include "rpc/runtime/scope.h"
#include "rpc/runtime/stream_end.h"
#include "rpc/task.h"

namespace rpc {
namespace runtime {

// A wait in a stream: for a message, or for room. One that could be answered at once goes through
// the loop now and then; one that is woken looks again whether it can be answered.
class StreamWait : public Wait {
 public:
  bool await_ready() {
    if (!end_->stream_loop()->IsCurrent()) {
      throw std::logic_error("a stream is awaited on another loop than its own");
    }
    return AtOnce() && Try() != StreamEnd::Progress::kNotYet;
  }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    if (!Suspend(coroutine)) return false;
    yields_ ? Wake() : Listen();
    return true;
  }

 protected:
  explicit StreamWait(StreamEnd* end) : end_(end) {}
  ~StreamWait() = default;

  // Whether the stream knows of it.
  bool listens() const { return listens_; }
  bool done() const { return !cancelled() && progress_ == StreamEnd::Progress::kDone; }

  StreamEnd* const end_;

 private:
  virtual StreamEnd::Progress Progress() = 0;
  virtual void Register() = 0;

  void Listen() {
    listens_ = true;
    Register();
  }

  StreamEnd::Progress Try() { return progress_ = Progress(); }

  bool AtOnce() {
    Scope* const scope = end_->own_scope();
    if (scope != nullptr && scope->cancelled()) return false;
    yields_ = end_->ShouldYield();
    return !yields_;
  }

  void Run() final {
    if (cancelled() || Try() != StreamEnd::Progress::kNotYet) return Wait::Run();
    Listen();
    WaitAgain();
  }

  StreamEnd::Progress progress_ = StreamEnd::Progress::kNotYet;
  bool yields_ = false;
  bool listens_ = false;
};

template <typename T>
class ReadWait final : public StreamWait {
 public:
  ReadWait(StreamEnd* end, T* slot) : StreamWait(end), slot_(slot) {}
  ~ReadWait() {
    if (listens()) end_->LeaveReader(this);
  }

  // Null when no message follows.
  const T* await_resume() const { return done() ? slot_ : nullptr; }

 private:
  StreamEnd::Progress Progress() override { return end_->Read(slot_); }
  void Register() override { end_->AwaitMessage(this, slot_); }
  void OnGivenUp() override { end_->LeaveReader(this); }

  T* const slot_;
};

template <typename T>
class WriteWait final : public StreamWait {
 public:
  WriteWait(StreamEnd* end, const T* message) : StreamWait(end), message_(message) {}
  ~WriteWait() {
    if (listens()) end_->LeaveWriter(this);
  }

  // False when nobody takes messages any more.
  [[nodiscard]] bool await_resume() const { return done(); }

 private:
  StreamEnd::Progress Progress() override { return end_->Write(*message_); }
  void Register() override { end_->AwaitRoom(this); }
  void OnGivenUp() override { end_->LeaveWriter(this); }

  const T* const message_;
};

}  // namespace runtime

// What is read. The message that Read gives is valid until the next Read.
template <typename T>
class Reader {
 public:
  explicit Reader(runtime::StreamEnd* end) : end_(end) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  class [[nodiscard]] ReadOperation {
   public:
    ReadOperation(runtime::StreamEnd* end, T* slot) : end_(end), slot_(slot) {}
    auto operator co_await() const { return runtime::ReadWait<T>(end_, slot_); }

    // For plain threads.
    const T* Wait() const {
      if (!end_->CheckMayBlock()) return nullptr;
      return runtime::RunOn(end_->stream_loop(), [operation = *this]() -> Task<const T*> {
        co_return co_await operation;
      });
    }

   private:
    runtime::StreamEnd* end_;
    T* slot_;
  };

  // The next message, or null when no message follows: status() says why.
  ReadOperation Read() { return ReadOperation(end_, &slot_); }

  // OK after a stream that ended as it should; otherwise why it did not.
  absl::Status status() const { return end_->status(); }

  // For the framework: as new, for another call.
  void Clear() { slot_.Clear(); }

 private:
  runtime::StreamEnd* end_;
  T slot_;
};

// What is written.
template <typename T>
class Writer {
 public:
  explicit Writer(runtime::StreamEnd* end) : end_(end) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  class [[nodiscard]] WriteOperation {
   public:
    WriteOperation(runtime::StreamEnd* end, const T* message) : end_(end), message_(message) {}
    auto operator co_await() const { return runtime::WriteWait<T>(end_, message_); }

    // For plain threads.
    bool Wait() const {
      if (!end_->CheckMayBlock()) return false;
      return runtime::RunOn(end_->stream_loop(),
                            [operation = *this]() -> Task<bool> { co_return co_await operation; });
    }

   private:
    runtime::StreamEnd* end_;
    const T* message_;
  };

  // True when the message was taken; false when no message is wanted any more: status() says why.
  // The message is to live until then.
  WriteOperation Write(const T& message) { return WriteOperation(end_, &message); }

  absl::Status status() const { return end_->status(); }

 private:
  runtime::StreamEnd* end_;
};

// Both directions of one call, each going on without waiting for the other.
template <typename In, typename Out>
class Stream : public Reader<In>, public Writer<Out> {
 public:
  explicit Stream(runtime::StreamEnd* end) : Reader<In>(end), Writer<Out>(end) {}

  absl::Status status() const { return Reader<In>::status(); }
};

}  // namespace rpc
