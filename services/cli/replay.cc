#include "services/cli/replay.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/net/signals.h"
#include "services/cli/failure.h"
#include "services/cli/frame_log.h"
#include "services/cli/outcomes.h"
#include "services/cli/player.h"
#include "services/cli/recording.h"
#include "services/cli/style.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

namespace net = rpc::net;

void PrintOutcomes(const Outcomes& outcomes) {
  const Style style(STDOUT_FILENO);
  for (const std::string& line : outcomes.differences()) {
    std::printf("%s\n", style.Yellow(terminal::Harmless(line)).c_str());
  }
  const size_t all = outcomes.same() + outcomes.different();
  std::string summary = absl::StrCat(outcomes.same(), " of ", all, " calls ended as before");
  if (outcomes.other_bytes() > 0) {
    absl::StrAppend(&summary, ", ", outcomes.other_bytes(), " of them with other messages");
  }
  std::printf("%s\n", outcomes.different() == 0 ? style.Green(summary).c_str()
                                                : style.Red(summary).c_str());
  std::fflush(stdout);
}

}  // namespace

void Replay::Declare(terminal::Flags* flags) {
  flags->Bool("fast", "as soon as the replies are there, not when it was recorded", &fast_);
  flags->Bool("exact", "the replies have to be the same, byte for byte", &exact_);
  flags->Bool("quiet", "shows no frames, only how the calls ended", &quiet_);
  flags->Duration("patience", "how long it waits for a reply that was there before", &patience_);
  server_.Declare(flags);
  flags->Arguments(2, 2);
  flags->Footer(
      "It exits with 0 when all calls ended as before: with the same status and as many messages; "
      "with 1 when some did not.\n"
      "\n"
      "Examples:\n"
      "  rpc replay calls.rec 127.0.0.1:7000\n"
      "  rpc replay calls.rec 127.0.0.1:7000 --fast --quiet --exact\n");
}

int Replay::Run(const terminal::Flags& flags) {
  const absl::StatusOr<std::unique_ptr<Recording>> recording =
      Recording::Open(flags.arguments()[0]);
  if (!recording.ok()) return FailHere(recording.status());
  const absl::StatusOr<std::string> address = AddressFrom(flags.arguments()[1]);
  if (!address.ok()) return UsageError(address.status());
  const absl::StatusOr<std::optional<rpc::Tls>> tls = server_.TlsFor(*address);
  if (!tls.ok()) return UsageError(tls.status());
  PlayerOptions options = {
      .to = *net::ParseAddress(*address), .tls = *tls, .fast = fast_, .patience = patience_};
  if (options.to.scheme == net::Scheme::kUdp) {
    return UsageError(absl::InvalidArgumentError("replay makes connections; udp:// has none"));
  }

  net::Loop loop;
  bool interrupted = false;
  Outcomes outcomes;
  FrameLog log(
      Style(STDOUT_FILENO), quiet_ ? nullptr : stdout, 0,
      [&outcomes](uint32_t connection, Direction direction, const rpc::wire::Frame& frame) {
        if (direction == Direction::kToClient) outcomes.Now(connection, frame);
      });
  Player player(&loop, recording->get(), std::move(options), &log, &outcomes);
  player.Start();
  net::Signals signals(&loop, {SIGINT, SIGTERM}, [&](int) {
    interrupted = true;
    loop.Stop();
  });
  loop.Run();
  if (!player.status().ok()) return Fail(player.status());
  outcomes.Finish();
  PrintOutcomes(outcomes);
  if (interrupted) return kInterrupted;
  const bool same = outcomes.different() == 0 && (!exact_ || outcomes.other_bytes() == 0);
  return same ? 0 : kFailed;
}

}  // namespace cli
