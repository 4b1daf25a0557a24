// One call as the server handles it: its messages, its context and its handler's coroutine.
//
// Internal; service.h derives one class for each kind of method. A record is used again for another
// call of its method, so that a call allocates nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"
#include "rpc/context.h"
#include "rpc/net/list.h"
#include "rpc/net/loop.h"
#include "rpc/net/peer.h"
#include "rpc/runtime/root.h"
#include "rpc/runtime/stream_end.h"
#include "rpc/session/event.h"
#include "rpc/task.h"

namespace rpc {
class Service;
}

namespace rpc::runtime {

class Limiter;
class MethodMeter;
class ServerCarrier;
class ServerLoop;
struct ServedMethod;

class ServerCall : public Root, public StreamEnd {
 public:
  virtual ~ServerCall() = default;

  ServerContext& context() { return context_; }
  const ServedMethod& method() const { return *method_; }
  const net::Peer& peer();
  ServerLoop* server() const;
  // Null when the server does not measure.
  MethodMeter* meter() const { return meter_; }
  net::TimeUs begun_us() const { return begun_us_; }

  // What the carrier hears from its session.
  void Begin(ServerCarrier* carrier, const ServedMethod* method, const session::Event& event);
  void OnEvent(const session::Event& event);
  // A limit that it waited for has let it in.
  void OnAdmitted();

  // Ends the handler wherever it waits, if it can be: when the server does not wait any longer.
  void Abandon();

  absl::Status SendMetadata(const Metadata& metadata);

  // The handler, inside of the interceptors from number `index` on.
  Task<> Handle(size_t index);

  // Its place among the calls of its loop.
  struct Place : net::ListNode {
    explicit Place(ServerCall* call) : call(call) {}
    ServerCall* call;
  };
  Place place{this};

 protected:
  explicit ServerCall(net::Loop* loop) : Root(loop), context_(this) {}

  Service* service() const;

  // The messages of a method with one request, or one reply; null for one with a stream.
  virtual google::protobuf::MessageLite* request() { return nullptr; }
  virtual google::protobuf::MessageLite* reply() { return nullptr; }
  virtual Task<> Invoke() = 0;
  virtual void Clear() = 0;

 private:
  Scope* own_scope() override { return this; }
  net::Loop* stream_loop() const override { return loop(); }
  session::ReadResult ReadBytes(std::string_view* bytes) override;
  session::Sent WriteBytes(const session::Payload& payload) override;
  bool open() const override { return true; }
  absl::Status Unreadable(const absl::Status& why) override;
  void OnEnd(bool abandoned) override;

  void Admit();
  void StartHandler();
  void Cancel(const absl::Status& why);
  absl::Status TakeResult();
  void Finish(absl::Status status);
  void TurnAway(const absl::Status& status);
  void Release();

  ServerContext context_;
  std::shared_ptr<const net::Peer> peer_;  // once the handler has asked
  ServerCarrier* carrier_ = nullptr;
  const ServedMethod* method_ = nullptr;
  uint64_t id_ = 0;
  MethodMeter* meter_ = nullptr;
  net::TimeUs begun_us_ = 0;  // when there is a meter
  Task<> task_{absl::OkStatus()};
  size_t limits_entered_ = 0;
  bool waits_for_limit_ = false;
  bool running_ = false;
  bool reply_begun_ = false;
  std::string reply_bytes_;
};

}  // namespace rpc::runtime
