#include "rpc/runtime/server_call.h"

#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

#include "rpc/runtime/limiter.h"
#include "rpc/runtime/message_codec.h"
#include "rpc/runtime/metadata_views.h"
#include "rpc/runtime/meter.h"
#include "rpc/runtime/payload.h"
#include "rpc/runtime/server_carrier.h"
#include "rpc/runtime/server_loop.h"
#include "rpc/runtime/service_table.h"
#include "rpc/session/metadata.h"
#include "rpc/wire/bytes_as_text.h"

namespace rpc::runtime {
namespace {

// Of what an exception says: it may repeat what a peer has sent.
constexpr size_t kLoggedSizeMax = 1'000;

// Limits stand in this order.
constexpr size_t kLimits = 2;

Limiter* LimitOf(const ServerCall& call, const ServiceTable& table, size_t place) {
  return place == 0 ? call.method().limiter.get() : table.limiter.get();
}

// What an exception says is for the log, and not for the peer.
absl::Status FailureOf(const ServedMethod& method, const std::exception_ptr& exception) {
  std::string what = "something that is no std::exception";
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  std::fprintf(stderr, "rpc: the handler of %s threw: %s\n", method.name.c_str(),
               wire::Printable(what, kLoggedSizeMax).c_str());
  return absl::InternalError("the handler failed");
}

}  // namespace

const net::Peer& ServerCall::peer() {
  if (peer_ == nullptr) peer_ = carrier_->FindPeer(id_);
  return *peer_;
}

ServerLoop* ServerCall::server() const { return carrier_->server(); }

Service* ServerCall::service() const { return method_->service; }

void ServerCall::Begin(ServerCarrier* carrier, const ServedMethod* method,
                       const session::Event& event) {
  carrier_ = carrier;
  method_ = method;
  id_ = event.call;
  form_ = event.header->form;
  meter_ = carrier_->server()->MeterOf(*method);
  if (meter_ != nullptr) {
    begun_us_ = loop()->now_us();
    meter_->Begun();
    meter_->Received(event.body.size());
  }
  carrier_->CallBegan(id_, this);
  AddFrom(*event.header, &context_.metadata_);
  if (event.header->timeout_us > 0) {
    context_.deadline_us_ = loop()->now_us() + event.header->timeout_us;
  }
  if (google::protobuf::MessageLite* message = request()) {
    NoteSize(event.body.size());
    absl::Status parsed = ParseMessage(form_, event.body, message);
    if (!parsed.ok()) return Finish(std::move(parsed));
  }
  Admit();
}

// Passes the limits, one after the other, and then runs the handler.
void ServerCall::Admit() {
  const ServiceTable& table = carrier_->server()->table();
  for (; limits_entered_ < kLimits; ++limits_entered_) {
    Limiter* limiter = LimitOf(*this, table, limits_entered_);
    if (limiter == nullptr) continue;
    switch (limiter->Enter(this)) {
      case Limiter::Entry::kEntered:
        continue;
      case Limiter::Entry::kWaits:
        waits_for_limit_ = true;
        return;
      case Limiter::Entry::kFull:
        return TurnAway(limiter->Refusal());
    }
  }
  StartHandler();
}

void ServerCall::OnAdmitted() {
  waits_for_limit_ = false;
  ++limits_entered_;
  cancelled() ? Finish(status()) : Admit();
}

void ServerCall::StartHandler() {
  running_ = true;
  try {
    task_ = Handle(0);
  } catch (...) {
    return Finish(FailureOf(*method_, std::current_exception()));
  }
  if (task_.Start(this)) OnEnd(false);
}

Task<> ServerCall::Handle(size_t index) {
  const std::vector<Interceptor>& interceptors = carrier_->server()->table().interceptors;
  if (index == interceptors.size()) return Invoke();
  return interceptors[index](context_, Next(this, index + 1));
}

void ServerCall::OnEvent(const session::Event& event) {
  switch (event.kind) {
    case session::EventKind::kMessage:
      return OnMessage();
    case session::EventKind::kHalfClosed:
      return EndInput();
    case session::EventKind::kWritable:
      return OnRoom();
    default:
      return Cancel(event.status);
  }
}

void ServerCall::Cancel(const absl::Status& why) {
  Scope::Cancel();
  End(why);
  if (!waits_for_limit_) return;
  Limiter* limiter = LimitOf(*this, carrier_->server()->table(), limits_entered_);
  if (!limiter->Withdraw(this)) return;
  waits_for_limit_ = false;
  Finish(why);
}

void ServerCall::Abandon() {
  if (!running_) return;
  Scope::Cancel();
  SetReported();
  (void)Report();
}

void ServerCall::OnEnd(bool abandoned) {
  if (!running_) return;
  Finish(abandoned ? absl::CancelledError("the handler was ended") : TakeResult());
}

absl::Status ServerCall::TakeResult() {
  try {
    return task_.Take();
  } catch (...) {
    return FailureOf(*method_, std::current_exception());
  }
}

void ServerCall::Finish(absl::Status status) {
  task_ = Task<>(absl::OkStatus());
  session::Payload payload;
  google::protobuf::MessageLite* const message = status.ok() ? reply() : nullptr;
  if (message != nullptr) {
    absl::Status written = SerializeMessage(form_, *message, &reply_bytes_);
    if (!written.ok()) status = absl::InternalError(written.message());
    NoteSize(reply_bytes_.size());
    payload = PayloadOf(&reply_bytes_);
  }
  const bool with_reply = message != nullptr && status.ok();
  const bool told =
      carrier_->End(id_, status, with_reply ? &payload : nullptr, ViewsOf(context_.trailing_));
  if (!told) status = absl::ResourceExhaustedError("");
  if (meter_ != nullptr && status.ok() && !cancelled()) meter_->Sent(payload.bytes.size());
  carrier_->server()->Count(*this, status);
  Release();
}

void ServerCall::TurnAway(const absl::Status& status) {
  carrier_->Refuse(id_, status);
  carrier_->server()->CountRefused();
  if (meter_ != nullptr) meter_->Refused();
  Release();
}

// Leaves the limits and the connection, and goes back to where records wait to be used again.
void ServerCall::Release() {
  const ServiceTable& table = carrier_->server()->table();
  while (limits_entered_ > 0) {
    if (Limiter* limiter = LimitOf(*this, table, --limits_entered_)) limiter->Leave();
  }
  Scope::Cancel();  // calls that were made for this one, and that nobody waits for any more
  running_ = reply_begun_ = false;
  context_.metadata_.clear();
  context_.trailing_.clear();
  context_.deadline_us_ = net::kNever;
  context_.user.reset();
  peer_ = nullptr;
  meter_ = nullptr;
  Root::Reset();
  StreamEnd::Reset();
  Clear();
  ServerCarrier* const carrier = std::exchange(carrier_, nullptr);
  carrier->server()->Recycle(this);
  carrier->CallEnded();
}

session::ReadResult ServerCall::ReadBytes(std::string_view* bytes) {
  const session::ReadResult result = carrier_->Read(id_, bytes);
  if (meter_ != nullptr && result == session::ReadResult::kMessage) meter_->Received(bytes->size());
  return result;
}

session::Sent ServerCall::WriteBytes(const session::Payload& payload) {
  reply_begun_ = true;
  const size_t size = payload.bytes.size();
  const session::Sent sent = carrier_->Write(id_, payload);
  if (meter_ != nullptr && sent != session::Sent::kGone) meter_->Sent(size);
  return sent;
}

absl::Status ServerCall::Unreadable(const absl::Status& why) { return why; }

absl::Status ServerCall::SendMetadata(const Metadata& metadata) {
  const std::vector<wire::Metadatum> views = ViewsOf(metadata);
  if (absl::Status s = session::CheckMetadata(views); !s.ok()) return s;
  if (std::exchange(reply_begun_, true)) {
    return absl::FailedPreconditionError("leading metadata goes before the first message, once");
  }
  return carrier_->SendMetadata(id_, views);
}

}  // namespace rpc::runtime
