// A call whose handler waits, and each way in which its client ends it.
//
//     Begin([](Scene& scene) -> Task<> { ... scene.waits.Happen(); ... });
//     EndCall();                    // by cancelling, a deadline, or the loss of the connection
//     ExpectHandlerGone();
//
// The handler is one of echo.Echo/Chat, so that it has both a stream to read and one to write.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"
#include "tests/coroutines/event.h"
#include "tests/coroutines/stage.h"

namespace rpc {

enum class Ending { kCancel, kDeadline, kLoss };
std::string EndingName(Ending ending);

// What a handler has at hand, and what it tells the test.
struct Scene {
  ServerContext& context;
  Stream<echo::Line, echo::Line>& stream;
  // Calls from this server to itself.
  const echo::Echo::Client& self;
  Event& waits;

  // Counts the rounds of a handler that does not look whether it is cancelled.
  void Round() {
    waits.Happen();
    if (context.cancelled()) ++*rounds_after_end;
  }
  int* rounds_after_end = nullptr;
};

// A loop on a thread of its own.
class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.Run(); }) {}
  ~LoopThread() { Stop(); }

  Loop* loop() { return &loop_; }
  // Ends the loop with everything on it.
  void Stop() {
    loop_.Stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  Loop loop_;
  std::thread thread_;
};

class CancelledCallTest : public StageTest {
 protected:
  CancelledCallTest();
  ~CancelledCallTest() override;

  // Makes the call, and waits until the handler says that it waits.
  void Begin(Ending ending, std::function<Task<>(Scene)> handler);
  void EndCall();
  // The handler's coroutine is destroyed, once, and the server goes on.
  void ExpectHandlerGone();

  int rounds_after_end() const { return rounds_after_end_; }

  // Of the loop that the call is made on.
  LoopThread client_loop_;
  Channel client_channel_;
  Event waits_;

 private:
  // Stands first in the handler's frame.
  struct Local {
    explicit Local(CancelledCallTest* test) : test(test) { ++test->locals_made_; }
    ~Local() { test->gone_.Happen(); }
    CancelledCallTest* test;
  };

  Task<> Handle(ServerContext& context, Stream<echo::Line, echo::Line>& stream);

  std::function<Task<>(Scene)> handler_;
  Ending ending_ = Ending::kCancel;
  std::optional<StreamCall<echo::Line, echo::Line>> call_;
  Event gone_;
  std::atomic<int> locals_made_{0};
  int rounds_after_end_ = 0;  // of the server's loop until gone_
};

}  // namespace rpc
