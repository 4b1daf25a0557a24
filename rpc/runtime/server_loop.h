// A server's part on one loop: its listeners, its connections and the calls on them.
//
// Internal. Threads: belongs to its loop, but for AddTo and calls_cut, which any thread may call.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "rpc/counters.h"
#include "rpc/net/list.h"
#include "rpc/net/loop.h"
#include "rpc/net/socket.h"
#include "rpc/net/transport.h"
#include "rpc/runtime/counter.h"
#include "rpc/runtime/entrance.h"
#include "rpc/runtime/meter.h"
#include "rpc/runtime/server_call.h"
#include "rpc/runtime/server_connection.h"
#include "rpc/runtime/server_datagrams.h"
#include "rpc/runtime/service_table.h"
#include "rpc/runtime/shutdown_wait.h"
#include "rpc/session/limits.h"
#include "rpc/statistics.h"

namespace rpc::runtime {

class ServerLoop final : private net::LoopUser, private net::Timer {
 public:
  struct Settings {
    session::Limits limits = {};
    size_t connections_max = 0;
    bool measured = false;
  };

  ServerLoop(net::Loop* loop, const ServiceTable* table, const Settings& settings);
  ~ServerLoop();

  // REQUIRES: `rules` outlives the server.
  void Listen(net::Descriptor socket, const EntranceRules* rules);
  void ListenForDatagrams(net::Descriptor socket, const session::DatagramLimits& limits);
  // Null when it does not come in.
  ServerConnection* Accept(std::unique_ptr<net::Transport> transport,
                           const session::Limits& limits);
  // Only to tell the client why.
  void AcceptToReject(std::unique_ptr<net::Transport> transport, const session::Limits& limits,
                      wire::Form form, const absl::Status& why);

  // Takes no more connections and calls. What is open may go on until `deadline_us`; then it is
  // cancelled, and soon after that ended by force. `over` runs once, when nothing is left.
  void Drain(net::TimeUs deadline_us, std::function<void()> over);

  // When that has happened on every loop of the server: until then the others answer repeats, which
  // the system sends to another of them when this one's socket goes.
  void CloseDatagrams();

  net::Loop* loop() { return loop_; }
  const ServiceTable& table() const { return *table_; }
  // Null when there is none. Mostly it is the same as before.
  ServedMethod* FindMethod(std::string_view name) {
    if (recent_method_ != nullptr && recent_method_->name == name) return recent_method_;
    return recent_method_ = table_->Find(name);
  }
  // Of connections within the process.
  const session::Limits& limits() const { return settings_.limits; }
  // Null when the server does not measure.
  MethodMeter* MeterOf(const ServedMethod& method) {
    return meter_ == nullptr ? nullptr : meter_->Of(method.index);
  }

  // For its connections and calls.
  void Begin(ServerCarrier* carrier, const session::Event& event);
  void Recycle(ServerCall* call);
  void Forget(ServerConnection* connection);
  void Count(const ServerCall& call, const absl::Status& result);
  void CountRefused() { calls_refused_ += 1; }
  void CountSession(uint64_t calls_refused, uint64_t bodies_corrupted);
  void CountClosed(session::CloseCause cause) { closed_[static_cast<size_t>(cause)] += 1; }
  void CountAcceptFailure() { accept_failures_ += 1; }
  void CountPlainRefused() { plain_refused_ += 1; }
  void CountHandshakeFailed() { handshakes_failed_ += 1; }
  void CountDatagrams(uint64_t received, uint64_t dropped);
  // Wakes the wait when the drain begins, or now if it has.
  void AwaitDrain(ShutdownWait::Place* place);
  // Ends the drain if nothing is left.
  void CheckOver();

  void AddTo(ServerCounters* sum) const;
  // `sum` has the methods of the server, by their index.
  void AddTo(ServerStatistics* sum) const;
  // Calls that were open when the time to drain was over.
  uint64_t calls_cut() const { return calls_cut_.value(); }

 private:
  enum class Phase : uint8_t { kServing, kDraining, kCancelling, kEnding, kOver };

  // Frees the records that hold memory of large messages after a while.
  class Tidying final : public net::Timer {
   public:
    explicit Tidying(ServerLoop* server) : server_(server) {}
    void Begin();

   private:
    void OnTime() override;

    ServerLoop* server_;
  };

  void OnLoopEnd() override;
  void OnTime() override;
  void Measure(const ServerCall& call, const absl::Status& status, bool given_up);
  void CancelEveryCall();
  void EndByForce();
  bool IsEmpty() const;
  void FreeLargeSpares();

  net::Loop* loop_;
  const ServiceTable* table_;
  ServedMethod* recent_method_ = nullptr;
  Settings settings_;
  std::vector<std::unique_ptr<Entrance>> entrances_;
  std::vector<std::unique_ptr<ServerDatagrams>> datagrams_;
  net::List<ServerConnection> connections_;
  net::List<ServerCall::Place> calls_;
  std::vector<std::vector<std::unique_ptr<ServerCall>>> spare_calls_;  // by method
  size_t spare_large_size_ = 0;
  Tidying tidying_{this};
  net::List<ShutdownWait::Place> shutdown_waits_;
  Phase phase_ = Phase::kServing;
  std::function<void()> over_;
  std::unique_ptr<LoopMeter> meter_;  // null when the server does not measure

  Counter connections_accepted_;
  Counter connections_open_;
  Counter connections_refused_;
  Counter accept_failures_;
  Counter plain_refused_;
  Counter handshakes_failed_;
  Counter closed_[static_cast<size_t>(session::CloseCause::kShutdown) + 1];
  Counter datagrams_received_;
  Counter datagrams_dropped_;
  Counter calls_begun_;
  Counter calls_open_;
  Counter calls_ok_;
  Counter calls_failed_;
  Counter calls_cancelled_;
  Counter calls_refused_;
  Counter bodies_corrupted_;
  Counter calls_cut_;
};

}  // namespace rpc::runtime
