// One call as the client makes it, from its first wish for a connection to its end.
//
// Internal; call.h derives one class for each kind of method. It is held by the caller's object
// and, while it is under way, by itself.
//
// Threads: everything happens on its loop, but for construction, Wait and references; other threads
// post, or borrow the loop. What the caller reads of it after Wait was written before `done`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"
#include "rpc/client_interceptor.h"
#include "rpc/metadata.h"
#include "rpc/net/list.h"
#include "rpc/net/loop.h"
#include "rpc/options.h"
#include "rpc/runtime/root.h"
#include "rpc/runtime/stream_end.h"
#include "rpc/session/event.h"
#include "rpc/task.h"

namespace rpc::runtime {

class ChannelCore;
class ClientCarrier;
class LoopChannel;

// A reference that counts.
template <typename T>
class Ref {
 public:
  Ref() = default;
  // Takes over the one reference that a new object has.
  explicit Ref(T* object) : object_(object) {}
  Ref(const Ref& other) : object_(other.object_) {
    if (object_ != nullptr) object_->AddRef();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->DropRef();
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

class ClientCall : public ScopeMember, public StreamEnd, private net::Timer {
 public:
  struct Kind {
    bool single_request = false;
    bool single_reply = false;
  };

  void AddRef() { references_.fetch_add(1, std::memory_order_relaxed); }
  void DropRef() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  static void* operator new(size_t size) { return NewFrame(size); }
  static void operator delete(void* memory, size_t size) { FreeFrame(memory, size); }

  // For the caller's object, on any thread.

  // `request` is null when messages follow one by one.
  void Start(const google::protobuf::MessageLite* request, const CallOptions& options);
  // The caller has gone, or says so: the call ends CANCELLED unless it has ended.
  void GiveUp();
  // Blocks until the end. False on the thread of a loop, which is not to stand still.
  bool AwaitEnd();
  // `then` runs once, on the loop, after the end.
  void Then(std::function<void()> then);

  net::Loop* loop() const { return loop_; }
  bool done() const { return done_.load(std::memory_order_acquire); }

  // After the end. For streams also before: see StreamEnd.
  const Metadata& leading() const { return leading_; }
  const Metadata& trailing() const { return trailing_; }
  const absl::Status& end_status() const { return end_status_; }

  // On the loop. The one who is woken at the end; not before the next turn of ready work.
  void AwaitEndBy(Wait* waiter);
  void LeaveWaiter(Wait* waiter) {
    if (end_waiter_ == waiter) end_waiter_ = nullptr;
  }
  // Ends the call here and now, unless it has ended.
  void Cancel(const absl::Status& why);
  // No more messages from the caller.
  void CloseWriting();

  // For interceptors.
  std::string_view method() const { return method_; }
  Metadata& metadata() { return metadata_; }
  net::TimeUs deadline_us() const { return deadline_us_; }
  Task<> Proceed(size_t index);

  // For the channel, on the loop.

  // Its place among the calls that wait for a connection, those of its connection, or those that
  // its channel holds meanwhile.
  struct Place : net::ListNode {
    explicit Place(ClientCall* call) : call(call) {}
    ClientCall* call;
  };
  Place place{this};

  bool waits_for_ready() const { return wait_for_ready_; }
  // Made again, since nobody has seen it: it waits for one more attempt to connect.
  bool repeated() const { return repeated_; }
  void SetWaiting();
  // Opens it on a carrier that takes calls.
  void OpenOn(ClientCarrier* carrier);
  void OnEvent(const session::Event& event);
  // It has ended without having been opened.
  void FailUnopened(const absl::Status& why) { OnInnerEnd(why); }

 protected:
  ClientCall(std::shared_ptr<ChannelCore> core, std::string_view method, Kind kind);
  virtual ~ClientCall();

  // Where a single reply goes; null for a stream of them.
  virtual google::protobuf::MessageLite* reply() { return nullptr; }

 private:
  class Interception;
  class InnerWait;

  // ScopeMember: the parent is over. Ready: the end is to be told.
  void OnCancel() override {
    Cancel(absl::CancelledError("the call that it was made for is over"));
  }
  void Run() override { TellEnd(); }
  void OnTime() override;

  net::Loop* stream_loop() const override { return loop(); }
  session::ReadResult ReadBytes(std::string_view* bytes) override;
  session::Sent WriteBytes(const session::Payload& payload) override;
  bool open() const override { return carrier_ != nullptr; }
  absl::Status Unreadable(const absl::Status& why) override;
  void Refuse(const absl::Status& why) override {
    Cancel(why);
    StreamEnd::End(why);
  }

  void TakeOptions(const CallOptions& options);
  void Begin();
  void Proceed();
  bool Repeats(const session::Event& event);
  void OnEnd(const session::Event& event);
  absl::Status DeadlinePassed(std::string_view where) const;
  void OnInnerEnd(const absl::Status& status);
  void Complete(const absl::Status& status);
  void TellEnd();
  void Hold(net::TimeUs until_us);
  void StopWaiting();
  void DropCarrier();

  std::atomic<int> references_{1};
  std::atomic<bool> done_{false};
  std::shared_ptr<ChannelCore> core_;
  net::Loop* loop_;
  LoopChannel* channel_ = nullptr;
  const Kind kind_;
  std::string method_;
  std::string request_bytes_;
  session::Payload request_;
  Metadata metadata_;
  Metadata leading_;
  Metadata trailing_;
  net::TimeUs deadline_us_ = net::kNever;
  net::TimeUs started_us_ = 0;
  Scope* parent_ = nullptr;
  ClientCarrier* carrier_ = nullptr;
  uint64_t id_ = 0;
  absl::Status end_status_;
  absl::Status start_status_;  // what was wrong before it began
  Wait* end_waiter_ = nullptr;
  Wait* inner_waiter_ = nullptr;  // an interceptor's, for the end of the call itself
  std::function<void()> then_;
  std::unique_ptr<Interception> interception_;
  Ref<ClientCall> self_;  // while it is under way
  bool counted_ = false;  // among what its loop has to do
  bool wait_for_ready_ = false;
  bool waiting_ = false;
  bool repeated_ = false;
  bool wrote_ = false;
  bool closed_writing_ = false;
  bool inner_ended_ = false;
  bool completed_ = false;
};

}  // namespace rpc::runtime
