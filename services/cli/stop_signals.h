// SIGINT and SIGTERM for a command that may be waiting for whoever reads its output: they are a
// descriptor, which the loop watches, and beside it the wait.
//
//     StopSignals stop(&loop, [&loop] { loop.Stop(); });
//     terminal::Printer printer(stop.fd());                 // waits for its reader, or for these
//     loop.Run();
//
// Threads: made and destroyed on the loop's thread, before the process has others that would take
// the signals. Lifetime: the loop outlives it. At its end the signals are what they were.
#pragma once

#include <csignal>
#include <functional>
#include <optional>

#include "rpc/net/loop.h"
#include "rpc/net/socket.h"
#include "rpc/net/watch.h"

namespace cli {

class StopSignals final : private rpc::net::Watch::User {
 public:
  StopSignals(rpc::net::Loop* loop, std::function<void()> on_stop);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // To be read from once a signal has come, until the loop has told of it.
  int fd() const { return watch_->fd(); }

 private:
  void OnEvents(int events) override;

  const std::function<void()> on_stop_;
  sigset_t before_;
  std::optional<rpc::net::Watch> watch_;
};

}  // namespace cli
