#include "tests/bench/measure/server_options.h"

#include <cstdio>

#include "absl/status/status.h"
#include "services/terminal/flags.h"
#include "services/terminal/program.h"
#include "tests/bench/measure/descriptors.h"

namespace bench {
namespace {

void Declare(terminal::Flags* flags, ServerOptions* options) {
  flags->Text("listen", "ADDRESS", "tcp://127.0.0.1:PORT or unix:///PATH", &options->listen);
  flags->Number("threads", 1, 1'024, "loops that serve, each on a thread of its own",
                &options->threads);
  flags->Number("message_size_max", 0, 1 << 30, "the largest message that is taken",
                &options->message_size_max);
  flags->Number("calls_max", 0, 1 << 30, "calls handled at once; 0 is any number",
                &options->calls_max);
  flags->Number("calls_waiting_max", 0, 1 << 30, "calls beyond it that wait; more are refused",
                &options->calls_waiting_max);
  flags->Bool("md5_waived", "bodies come and go without md5", &options->md5_waived);
  flags->Number("busy_poll_us", 0, 1'000'000, "looks for input so long before it sleeps",
                &options->busy_poll_us);
  flags->Bool("stream", "of a server without calls: sends messages, and echoes nothing",
              &options->stream);
  flags->Text("congestion", "NAME", "TCP_CONGESTION, such as cubic or bbr", &options->congestion);
}

}  // namespace

int ReadServerOptions(int argc, const char* const* argv, const std::string& program,
                      ServerOptions* options) {
  terminal::BeginProgram();
  terminal::Flags flags(program + " [FLAGS]", "Echoes messages as fast as it can.");
  Declare(&flags, options);
  if (const absl::Status s = flags.Parse(argc, argv); !s.ok()) {
    return terminal::Complain(program, s, terminal::kUsageError);
  }
  if (flags.help()) return flags.PrintHelp();
  RaiseDescriptorLimit();
  return -1;
}

void SayListening(const std::string& address) {
  std::printf("listening on %s\n", address.c_str());
  std::fflush(stdout);
}

}  // namespace bench
