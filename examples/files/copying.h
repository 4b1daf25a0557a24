// Copies the files of a plan, several at once, and shows how far it is.
//
//     Copying copying(&client, kUp, &plan, parallel);
//     int exit_code = co_await copying.Run();        // kAllCopied, kSomeFailed, kInterrupted
//
// SIGINT and SIGTERM end it, and so does the first file that has given up because the server cannot
// be reached; what was copied stays, and the next one goes on from there.
//
// Threads: one loop. Lifetime: the client and the plan outlive it.
#pragma once

#include <cstddef>

#include "examples/files/display.h"
#include "examples/files/plan.h"
#include "rpc/rpc.h"
#include "services/files/file_client.h"

namespace files {

enum Direction { kUp, kDown };

inline constexpr int kAllCopied = 0;
inline constexpr int kSomeFailed = 1;
inline constexpr int kInterrupted = 130;  // as shells say it of SIGINT

class Copying {
 public:
  Copying(FileClient* client, Direction direction, const Plan* plan, size_t parallel);

  rpc::Task<int> Run();

 private:
  rpc::Task<int> CopyAll();
  rpc::Task<> CopyNext();
  rpc::Task<> CopyOne(const Copy& copy, Transfer* transfer);
  rpc::Task<int> ShowNowAndThen();
  rpc::Task<int> AwaitSignals();
  rpc::Task<void> JudgeServer(const absl::Status& status);
  void TellWhy(int code);

  FileClient* const client_;
  const Direction direction_;
  const Plan* const plan_;
  const size_t parallel_;
  Display display_;
  size_t next_ = 0;
  size_t failed_ = 0;
  size_t copied_ = 0;
  bool server_lost_ = false;
  bool over_ = false;  // what still runs is cancelled, and has nothing to tell
};

}  // namespace files
