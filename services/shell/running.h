// One command that runs for a call: its pipes and its end, to and from the call's stream.
//
//     Running running(options, process.get(), &stream);
//     co_return co_await running.Complete();
//
// Output is read from the pipes only when the stream has taken what was read before: a client that
// does not read stops its command, and costs no memory. Input goes its own way meanwhile, so that
// neither waits for the other; input that the command does not want is dropped.
//
// When the command has exited, what is in the pipes is sent, then how it ended. What it left
// running has been killed by then and prints no more (rpc/process.h), and who has left the group
// and holds on to a pipe is not waited for. A client that does not read it by then has as long for
// that as the command had.
//
// Threads: the loop of the call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "services/shell/shell.pb.h"
#include "services/shell/shell_options.h"

namespace shell {

class Running {
 public:
  using Stream = rpc::Stream<Input, Output>;

  Running(const ShellOptions& options, rpc::Process* process, Stream* stream);
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // The status of the call.
  rpc::Task<> Complete();

 private:
  struct Source {
    rpc::Pollable* pipe = nullptr;
    std::string* (Output::*field)() = nullptr;  // that its bytes go into
    size_t left = SIZE_MAX;                     // to be read; 0: this is its end
  };

  // What goes on side by side. The first that returns ends the call.
  rpc::Task<> SendOutput();
  rpc::Task<> TakeInput();
  rpc::Task<> EndInTime();

  rpc::Task<> SendWhatIsThere();
  // Into output_. False when there was nothing to send just now.
  bool Read(Source* source);
  void ReadOnlyWhatIsThere();
  bool KeepWithinLimit(std::string* bytes);
  // Until there is something to read, or the command has exited.
  rpc::Task<> Changed();
  rpc::Task<> Readable(Source* source);
  rpc::Task<> SendExit();

  rpc::Task<> Take(const Input& input);
  rpc::Task<> Feed(std::string_view bytes);
  absl::Status Signal(uint32_t number);

  const ShellOptions& options_;
  rpc::Process* const process_;
  Stream* const stream_;
  std::array<Source, 2> sources_;
  Output output_;
  uint64_t sent_size_ = 0;
  Limit limit_ = LIMIT_NONE;
  bool reads_to_end_ = false;
};

}  // namespace shell
