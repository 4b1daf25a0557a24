#include "rpc/runtime/client_call.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rpc/context.h"
#include "rpc/net/lending.h"
#include "rpc/runtime/channel_core.h"
#include "rpc/runtime/client_carrier.h"
#include "rpc/runtime/loop_channel.h"
#include "rpc/runtime/message_codec.h"
#include "rpc/runtime/metadata_views.h"
#include "rpc/runtime/payload.h"
#include "rpc/runtime/random.h"

namespace rpc::runtime {
namespace {

// Before a call is repeated that nobody saw: at least, and at most.
constexpr net::TimeUs kPauseMinUs = 5'000;
constexpr net::TimeUs kPauseMaxUs = 50'000;

// What goes on from one hop to the next (W3C trace context).
constexpr std::string_view kTraceKeys[] = {"traceparent", "tracestate"};

}  // namespace

// The coroutine of the interceptors around a call.
class ClientCall::Interception final : public Root {
 public:
  explicit Interception(ClientCall* call) : Root(call->loop()), call_(call), context_(call) {}

  ClientContext& context() { return context_; }

  void Begin() {
    try {
      task_ = call_->Proceed(0);
    } catch (...) {
      return End(Failure(std::current_exception()));
    }
    if (task_.Start(this)) OnEnd(false);
  }

 private:
  void OnEnd(bool abandoned) override {
    if (abandoned) {
      const absl::Status why = call_->end_status_;
      return End(why.ok() ? absl::CancelledError("the interceptor was ended") : why);
    }
    try {
      End(task_.Take());
    } catch (...) {
      End(Failure(std::current_exception()));
    }
  }

  static absl::Status Failure(const std::exception_ptr& exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& e) {
      return absl::InternalError(absl::StrCat("an interceptor failed: ", e.what()));
    } catch (...) {
      return absl::InternalError("an interceptor failed");
    }
  }

  void End(const absl::Status& status) {
    task_ = Task<>(absl::OkStatus());
    call_->Cancel(status);  // if it is still under way
    call_->Complete(status);
  }

  ClientCall* call_;
  ClientContext context_;
  Task<> task_{absl::OkStatus()};
};

// An interceptor waits for the end of the call inside of it.
class ClientCall::InnerWait final : public Wait {
 public:
  explicit InnerWait(ClientCall* call) : call_(call) {}
  ~InnerWait() { Leave(); }

  bool await_ready() {
    call_->Proceed();
    return false;
  }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    if (!Suspend(coroutine)) return false;
    if (call_->inner_ended_) {
      Wake();
    } else {
      call_->inner_waiter_ = this;
    }
    return true;
  }
  absl::Status await_resume() {
    return cancelled() ? absl::CancelledError("cancelled") : call_->end_status_;
  }

 private:
  void OnGivenUp() override { Leave(); }
  void Leave() {
    if (call_->inner_waiter_ == this) call_->inner_waiter_ = nullptr;
  }

  ClientCall* call_;
};

ClientCall::ClientCall(std::shared_ptr<ChannelCore> core, std::string_view method, Kind kind)
    : core_(std::move(core)), loop_(core_->LoopForCaller()), kind_(kind), method_(method) {}

ClientCall::~ClientCall() = default;

// The caller's side.

void ClientCall::Start(const google::protobuf::MessageLite* request, const CallOptions& options) {
  TakeOptions(options);
  if (request != nullptr) {
    absl::Status written = SerializeMessage(wire::Form::kBinary, *request, &request_bytes_);
    if (!written.ok()) start_status_ = written;
    request_ = PayloadOf(&request_bytes_);
  }
  AddRef();
  self_ = Ref<ClientCall>(this);
  if (loop_->IsCurrent()) return Begin();
  if (loop_->lending() != nullptr && loop_->lending()->Turn([this] { Begin(); })) return;
  if (loop_->Post([this] { Begin(); })) return;
  completed_ = true;
  end_status_ = absl::UnavailableError("the channel's loop has ended");
  TellEnd();
}

void ClientCall::TakeOptions(const CallOptions& options) {
  absl::Duration timeout = options.timeout;
  if (timeout == absl::ZeroDuration()) {
    timeout = kind_.single_request && kind_.single_reply ? core_->options().default_timeout
                                                         : absl::InfiniteDuration();
  }
  started_us_ = net::ClockUs();
  if (timeout < absl::Hours(24 * 365)) {
    const int64_t timeout_us = std::max<int64_t>(0, absl::ToInt64Microseconds(timeout));
    deadline_us_ = started_us_ + static_cast<net::TimeUs>(timeout_us);
  }
  if (options.metadata != nullptr) metadata_ = *options.metadata;
  wait_for_ready_ = options.wait_for_ready || core_->options().wait_for_ready;
  if (options.parent == nullptr) return;
  parent_ = options.parent->scope();
  deadline_us_ = std::min(deadline_us_, options.parent->deadline_us());
  for (const std::string_view key : kTraceKeys) {
    if (metadata_.Get(key)) continue;
    if (auto value = options.parent->metadata().Get(key)) metadata_.Add(key, *value);
  }
  if (parent_->loop() != loop_) {
    parent_ = nullptr;
    start_status_ =
        absl::FailedPreconditionError("the parent of the call is on another loop than its channel");
  }
}

void ClientCall::GiveUp() {
  if (done()) return;
  if (loop_->IsCurrent()) return Cancel(absl::CancelledError("given up by its caller"));
  loop_->Post([call = (AddRef(), Ref<ClientCall>(this))] {
    call->Cancel(absl::CancelledError("given up by its caller"));
  });
}

bool ClientCall::AwaitEnd() {
  if (net::Loop::Current() != nullptr) return false;
  if (done()) return true;
  if (loop_->lending() != nullptr && loop_->lending()->TurnUntil(done_)) return true;
  done_.wait(false, std::memory_order_acquire);
  return true;
}

void ClientCall::Then(std::function<void()> then) {
  if (!loop_->IsCurrent()) {
    loop_->Post([call = (AddRef(), Ref<ClientCall>(this)), then = std::move(then)]() mutable {
      call->Then(std::move(then));
    });
    return;
  }
  then_ = std::move(then);
  if (done()) loop_->MakeReady(this);
}

// On the loop.

void ClientCall::Begin() {
  if (completed_) return;
  loop_->AddWork();
  counted_ = true;
  if (parent_ != nullptr) parent_->Add(this);
  if (completed_) return;
  if (!start_status_.ok()) return Complete(start_status_);
  channel_ = core_->OnLoop(loop_);
  if (core_->interceptors().empty()) return Proceed();
  Hold(deadline_us_);
  interception_ = std::make_unique<Interception>(this);
  interception_->Begin();
}

Task<> ClientCall::Proceed(size_t index) {
  const std::vector<ClientInterceptor>& interceptors = core_->interceptors();
  if (index < interceptors.size()) {
    return interceptors[index](interception_->context(), ClientNext(this, index + 1));
  }
  return [](ClientCall* call) -> Task<> { co_return co_await InnerWait(call); }(this);
}

void ClientCall::Proceed() {
  if (completed_ || inner_ended_) return;
  // Begun in this turn, it is later than the turn.
  const net::TimeUs now_us = std::max(started_us_, loop_->now_us());
  if (deadline_us_ <= now_us) return OnInnerEnd(DeadlinePassed("before the call was sent"));
  channel_->Begin(this);
}

void ClientCall::SetWaiting() {
  waiting_ = true;
  loop_->SetTimer(this, deadline_us_);
}

// Under way, but neither waiting for a connection nor on one.
void ClientCall::Hold(net::TimeUs until_us) {
  channel_->Hold(this);
  loop_->SetTimer(this, until_us);
}

void ClientCall::OnTime() {
  if (loop_->now_us() < deadline_us_) return channel_->Begin(this);  // the pause is over
  Cancel(DeadlinePassed(waiting_ ? channel_->WhatIsWaitedFor() : "before it was sent"));
}

void ClientCall::StopWaiting() {
  loop_->ClearTimer(this);
  if (carrier_ == nullptr) place.Leave();
  if (std::exchange(waiting_, false)) channel_->CallStopsWaiting();
}

void ClientCall::OpenOn(ClientCarrier* carrier) {
  StopWaiting();
  const std::vector<wire::Metadatum> metadata = ViewsOf(metadata_);
  session::Opening opening{.name = method_,
                           .metadata = metadata,
                           .deadline_us = deadline_us_,
                           .tag = this,
                           .single_reply = kind_.single_reply,
                           .last = kind_.single_request};
  const absl::StatusOr<uint64_t> id =
      carrier->Open(opening, kind_.single_request ? &request_ : nullptr);
  if (!id.ok()) return OnInnerEnd(id.status());
  carrier_ = carrier;
  carrier->AddCall(this);
  id_ = *id;
  if (closed_writing_) carrier->CloseWriting(id_);
  OnRoom();
}

void ClientCall::OnEvent(const session::Event& event) {
  switch (event.kind) {
    case session::EventKind::kMetadata:
      return AddFrom(*event.header, &leading_);
    case session::EventKind::kMessage:
      return OnMessage();
    case session::EventKind::kWritable:
      return OnRoom();
    case session::EventKind::kEnd:
      return OnEnd(event);
    default:
      return;
  }
}

void ClientCall::OnEnd(const session::Event& event) {
  // Without a header it is our own session that has seen it pass.
  const bool passed = event.header == nullptr && absl::IsDeadlineExceeded(event.status);
  const std::string trouble = passed ? carrier_->Trouble() : "";
  DropCarrier();
  if (Repeats(event)) return;
  if (passed) {
    const std::string what = kind_.single_reply ? "answered" : "ended the call";
    return OnInnerEnd(DeadlinePassed("before the server had " + what + trouble));
  }
  if (event.header != nullptr) AddFrom(*event.header, &trailing_);
  if (event.status.ok() && kind_.single_reply) {
    const absl::Status parsed = ParseMessage(wire::Form::kBinary, event.body, reply());
    if (!parsed.ok()) return OnInnerEnd(absl::InternalError(parsed.message()));
  }
  OnInnerEnd(event.status);
}

absl::Status ClientCall::DeadlinePassed(std::string_view where) const {
  // Over datagrams it may have passed earlier than was asked for.
  const net::TimeUs passed_us = std::min(deadline_us_, net::ClockUs());
  const net::TimeUs after_us = passed_us - std::min(passed_us, started_us_);
  return absl::DeadlineExceededError(
      absl::StrCat("the deadline passed after ", absl::FormatDuration(absl::Microseconds(after_us)),
                   ", ", absl::string_view(where.data(), where.size())));
}

// A call that no handler has seen is made again, once, when another try may go better.
bool ClientCall::Repeats(const session::Event& event) {
  if (!event.unseen || repeated_ || wrote_) return false;
  const absl::StatusCode code = event.status.code();
  if (code != absl::StatusCode::kUnavailable && code != absl::StatusCode::kResourceExhausted &&
      code != absl::StatusCode::kDataLoss) {
    return false;
  }
  const net::TimeUs pause_us = RandomBetween(kPauseMinUs, kPauseMaxUs);
  if (loop_->now_us() + pause_us >= deadline_us_) return false;
  repeated_ = true;
  Hold(loop_->now_us() + pause_us);
  return true;
}

void ClientCall::Cancel(const absl::Status& why) {
  if (completed_) return;
  if (inner_ended_) return interception_->Cancel();  // what is left of it is its interceptors
  if (carrier_ != nullptr) {
    carrier_->Cancel(id_);
    DropCarrier();
  }
  if (interception_ == nullptr) return Complete(why);
  OnInnerEnd(why);
  interception_->Cancel();
}

void ClientCall::DropCarrier() {
  ClientCarrier* const carrier = std::exchange(carrier_, nullptr);
  if (carrier == nullptr) return;
  place.Leave();
  carrier->OnCallEnded();
}

// The call itself has ended; with interceptors, they go on from here.
void ClientCall::OnInnerEnd(const absl::Status& status) {
  if (interception_ == nullptr) return Complete(status);
  if (std::exchange(inner_ended_, true)) return;
  end_status_ = status;
  StopWaiting();
  Hold(deadline_us_);
  if (Wait* waiter = std::exchange(inner_waiter_, nullptr)) waiter->Wake();
}

void ClientCall::Complete(const absl::Status& status) {
  if (std::exchange(completed_, true)) return;
  inner_ended_ = true;
  end_status_ = status;
  StopWaiting();
  // It may end before its caller has looked at it: told with the ready work of this turn, and not
  // from within whatever it was that ended it.
  loop_->MakeReady(this);
}

void ClientCall::TellEnd() {
  const Ref<ClientCall> self = std::move(self_);
  self_ = Ref<ClientCall>();
  StreamEnd::End(end_status_);
  if (std::exchange(counted_, false)) loop_->DropWork();
  if (!done()) {
    done_.store(true, std::memory_order_release);
    done_.notify_all();
  }
  if (Wait* waiter = std::exchange(end_waiter_, nullptr)) waiter->Wake();
  if (then_) std::exchange(then_, nullptr)();
}

void ClientCall::AwaitEndBy(Wait* waiter) {
  if (done()) return waiter->Wake();
  end_waiter_ = waiter;
}

void ClientCall::CloseWriting() {
  if (!loop_->IsCurrent()) {
    loop_->Post([call = (AddRef(), Ref<ClientCall>(this))] { call->CloseWriting(); });
    return;
  }
  if (std::exchange(closed_writing_, true) || kind_.single_request) return;
  if (carrier_ != nullptr) carrier_->CloseWriting(id_);
}

session::ReadResult ClientCall::ReadBytes(std::string_view* bytes) {
  if (carrier_ == nullptr) return session::ReadResult::kNothingYet;
  return carrier_->Read(id_, bytes);
}

session::Sent ClientCall::WriteBytes(const session::Payload& payload) {
  if (closed_writing_) return session::Sent::kLate;
  wrote_ = true;
  return carrier_->Write(id_, payload);
}

absl::Status ClientCall::Unreadable(const absl::Status& why) {
  Cancel(absl::InternalError(why.message()));
  return absl::InternalError(why.message());
}

}  // namespace rpc::runtime

namespace rpc {

std::string_view ClientContext::method() const { return call_->method(); }
absl::Duration ClientContext::time_left() const {
  if (call_->deadline_us() == net::kNever) return absl::InfiniteDuration();
  const net::TimeUs now_us = net::ClockUs();
  return absl::Microseconds(call_->deadline_us() <= now_us ? 0 : call_->deadline_us() - now_us);
}
Metadata& ClientContext::metadata() { return call_->metadata(); }
const Metadata& ClientContext::trailing() const { return call_->trailing(); }

Task<> ClientNext::operator()() const { return call_->Proceed(index_); }

}  // namespace rpc
