// Calls as their callers hold them: what a stub's functions return.
//
//     absl::StatusOr<SayReply> reply = co_await echo.Say(request);   // in a coroutine
//     absl::StatusOr<SayReply> reply = echo.Say(request).Wait();     // on a thread without a loop
//     echo.Say(request).Then([](absl::StatusOr<SayReply> reply) { ... });   // later, on the loop
//
//     auto call = echo.Say(request);                                 // with what else came back
//     absl::StatusOr<SayReply> reply = co_await std::move(call);
//     call.trailing().Get("cost");
//
// A call begins when the stub's function is called. Waiting for it consumes it; one that is dropped
// is cancelled. It ends once, at the latest with its deadline. What a coroutine waits for is
// cancelled with the call that the coroutine serves.
//
// Threads: a call belongs to the loop that its channel was given, else to that of the thread that
// makes it, else to the one in the background. Only coroutines on that loop can await it; Then and
// Cancel are for any one thread, Wait for one without a loop. Wait turns the loop in the background
// itself, if it can: what others have to do there may then run on its thread.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/channel.h"
#include "rpc/metadata.h"
#include "rpc/options.h"
#include "rpc/run.h"
#include "rpc/runtime/client_call.h"
#include "rpc/stream.h"

namespace rpc {
namespace runtime {

// A call with one reply.
template <typename Reply>
class TypedCall : public ClientCall {
 public:
  TypedCall(const Channel& channel, std::string_view method, bool single_request)
      : ClientCall(channel.core(), method, {single_request, true}) {}

  absl::StatusOr<Reply> TakeResult() {
    if (!end_status().ok()) return end_status();
    return std::move(reply_);
  }

 private:
  google::protobuf::MessageLite* reply() override { return &reply_; }

  Reply reply_;
};

// A call with a stream of replies.
template <typename In>
class ReadingCall final : public ClientCall {
 public:
  ReadingCall(const Channel& channel, std::string_view method, bool single_request)
      : ClientCall(channel.core(), method, {single_request, false}), reader(this) {}

  Reader<In> reader;
};

// A coroutine waits for the end of a call.
template <typename Reply>
class EndWait final : public Wait {
 public:
  explicit EndWait(Ref<TypedCall<Reply>> call) : call_(std::move(call)) {}
  ~EndWait() {
    if (!wrong_loop_) call_->LeaveWaiter(this);
    call_->GiveUp();
  }

  bool await_ready() const { return false; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    if (coroutine.promise().scope->loop() != call_->loop()) {
      wrong_loop_ = true;
      return false;
    }
    if (!Suspend(coroutine)) return false;
    call_->AwaitEndBy(this);
    return true;
  }

  absl::StatusOr<Reply> await_resume() {
    if (wrong_loop_) {
      return absl::FailedPreconditionError(
          "the call was made on another loop than that of the coroutine that awaits it");
    }
    if (cancelled()) return absl::CancelledError("given up while it was awaited");
    return call_->TakeResult();
  }

 private:
  void OnGivenUp() override { call_->LeaveWaiter(this); }

  Ref<TypedCall<Reply>> call_;
  bool wrong_loop_ = false;
};

// The part that every kind of call has.
template <typename Record>
class CallHolder {
 public:
  CallHolder(CallHolder&&) noexcept = default;
  CallHolder& operator=(CallHolder&& other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~CallHolder() { Cancel(); }

  // Ends it with CANCELLED, unless it has ended. For the peer it is as if its caller had gone.
  void Cancel() {
    if (record_) record_->GiveUp();
  }

  // What the server sent besides messages: with its first one, and with the end. Valid after the
  // end; empty when it sent none.
  const Metadata& leading() const { return record_->leading(); }
  const Metadata& trailing() const { return record_->trailing(); }

 protected:
  explicit CallHolder(Ref<Record> record) : record_(std::move(record)) {}

  Ref<Record> record_;
};

}  // namespace runtime

// A call with one reply.
template <typename Reply>
class [[nodiscard]] Call : public runtime::CallHolder<runtime::TypedCall<Reply>> {
 public:
  // `package.Service/Method`; stubs call this.
  Call(const Channel& channel, std::string_view method,
       const google::protobuf::MessageLite& request, const CallOptions& options = {})
      : Call(runtime::Ref(new runtime::TypedCall<Reply>(channel, method, true))) {
    this->record_->Start(&request, options);
  }

  // Blocks until the end.
  absl::StatusOr<Reply> Wait() & = delete;  // waiting consumes the call: std::move(call).Wait()
  absl::StatusOr<Reply> Wait() && {
    if (!this->record_->AwaitEnd()) {
      return absl::FailedPreconditionError(
          "Wait() on the loop's own thread would never return: co_await the call, or use Then");
    }
    return this->record_->TakeResult();
  }

  void operator co_await() & = delete;  // waiting consumes the call: co_await std::move(call)
  runtime::EndWait<Reply> operator co_await() && { return runtime::EndWait<Reply>(this->record_); }

  // `function` gets the result, on the loop, and may not throw. The call goes on without its
  // holder, and ends at the latest with its deadline.
  template <typename F>
  void Then(F function) && {
    static_assert(std::is_void_v<std::invoke_result_t<F&, absl::StatusOr<Reply>>>,
                  "Then's function returns nothing; for a coroutine use rpc::Spawn");
    runtime::Ref<runtime::TypedCall<Reply>> record = std::move(this->record_);
    auto* const call = record.get();
    auto shared = std::make_shared<F>(std::move(function));
    call->Then([record = std::move(record), shared] { (*shared)(record->TakeResult()); });
  }

 protected:
  explicit Call(runtime::Ref<runtime::TypedCall<Reply>> record)
      : runtime::CallHolder<runtime::TypedCall<Reply>>(std::move(record)) {}
};

// A call with a stream of replies: Read until null, then status().
template <typename In>
class [[nodiscard]] ReadCall : public runtime::CallHolder<runtime::ReadingCall<In>> {
 public:
  ReadCall(const Channel& channel, std::string_view method,
           const google::protobuf::MessageLite& request, const CallOptions& options = {})
      : ReadCall(runtime::Ref(new runtime::ReadingCall<In>(channel, method, true))) {
    this->record_->Start(&request, options);
  }

  auto Read() { return this->record_->reader.Read(); }
  absl::Status status() const { return this->record_->reader.status(); }

  // For functions that read from any Reader.
  Reader<In>& reader() { return this->record_->reader; }

 protected:
  explicit ReadCall(runtime::Ref<runtime::ReadingCall<In>> record)
      : runtime::CallHolder<runtime::ReadingCall<In>>(std::move(record)) {}
};

// A call with a stream of requests and one reply: Write, Close, then wait for the reply.
template <typename Out, typename Reply>
class [[nodiscard]] WriteCall : public Call<Reply> {
 public:
  WriteCall(const Channel& channel, std::string_view method, const CallOptions& options = {})
      : Call<Reply>(runtime::Ref(new runtime::TypedCall<Reply>(channel, method, false))) {
    this->record_->Start(nullptr, options);
  }

  auto Write(const Out& message) { return Writer<Out>(this->record_.get()).Write(message); }
  // No more messages. Waiting for the reply does the same.
  void Close() { this->record_->CloseWriting(); }
  // Why Write was false.
  absl::Status status() const { return this->record_->status(); }

  absl::StatusOr<Reply> Wait() & = delete;  // waiting consumes the call: std::move(call).Wait()
  absl::StatusOr<Reply> Wait() && {
    Close();
    return std::move(*this).Call<Reply>::Wait();
  }
  void operator co_await() & = delete;  // waiting consumes the call: co_await std::move(call)
  runtime::EndWait<Reply> operator co_await() && {
    Close();
    return std::move(*this).Call<Reply>::operator co_await();
  }
  template <typename F>
  void Then(F function) && {
    Close();
    std::move(*this).Call<Reply>::Then(std::move(function));
  }
};

// A call with a stream in each direction.
template <typename In, typename Out>
class [[nodiscard]] StreamCall : public runtime::CallHolder<runtime::ReadingCall<In>> {
 public:
  StreamCall(const Channel& channel, std::string_view method, const CallOptions& options = {})
      : StreamCall(runtime::Ref(new runtime::ReadingCall<In>(channel, method, false))) {
    this->record_->Start(nullptr, options);
  }

  auto Read() { return this->record_->reader.Read(); }
  auto Write(const Out& message) { return Writer<Out>(this->record_.get()).Write(message); }
  void Close() { this->record_->CloseWriting(); }
  absl::Status status() const { return this->record_->reader.status(); }

  Reader<In>& reader() { return this->record_->reader; }

 private:
  explicit StreamCall(runtime::Ref<runtime::ReadingCall<In>> record)
      : runtime::CallHolder<runtime::ReadingCall<In>>(std::move(record)) {}
};

}  // namespace rpc
