#include "services/cli/replay.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/net/loop.h"
#include "services/cli/failure.h"
#include "services/cli/frame_log.h"
#include "services/cli/outcomes.h"
#include "services/cli/player.h"
#include "services/cli/recording.h"
#include "services/cli/stop_signals.h"
#include "services/cli/style.h"
#include "services/terminal/printer.h"
#include "services/terminal/text.h"

namespace cli {
namespace {

namespace net = rpc::net;

std::string OutcomesText(const Outcomes& outcomes) {
  const Style style(STDOUT_FILENO);
  std::string text;
  for (const std::string& line : outcomes.differences()) {
    absl::StrAppend(&text, style.Yellow(terminal::Harmless(line)), "\n");
  }
  const size_t all = outcomes.same() + outcomes.different();
  std::string summary = absl::StrCat(outcomes.same(), " of ", all, " calls ended as before");
  if (outcomes.other_bytes() > 0) {
    absl::StrAppend(&summary, ", ", outcomes.other_bytes(), " of them with other messages");
  }
  return absl::StrCat(text, outcomes.different() == 0 ? style.Green(summary) : style.Red(summary),
                      "\n");
}

// What is to be told beside the outcomes: of a file that ends too early, or has nothing in it.
absl::Status CheckReplayed(const std::string& path, const Recording& recording,
                           const Outcomes& outcomes) {
  if (!recording.status().ok()) return recording.status();
  if (outcomes.same() + outcomes.different() > 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("no call ends in ", path, ", so there is nothing to compare"));
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
      "with 1 when some did not, when there was none, or when FILE was cut short. There is no "
      "replay "
      "over udp://.\n"
      "\n"
      "Examples:\n"
      "  rpc replay calls.rec 127.0.0.1:7000\n"
      "  rpc replay calls.rec 127.0.0.1:7000 --fast --quiet --exact\n");
}

int Replay::Run(const terminal::Flags& flags) {
  const absl::StatusOr<std::string> address = AddressFrom(flags.arguments()[1]);
  if (!address.ok()) return UsageError(address.status());
  const absl::StatusOr<std::optional<rpc::Tls>> tls = server_.TlsFor(*address);
  if (!tls.ok()) return UsageError(tls.status());
  PlayerOptions options = {
      .to = *net::ParseAddress(*address), .tls = *tls, .fast = fast_, .patience = patience_};
  if (options.to.scheme == net::Scheme::kUdp) {
    return UsageError(
        absl::InvalidArgumentError("replay sends the bytes of connections again; udp:// has none"));
  }
  const absl::StatusOr<std::unique_ptr<Recording>> recording =
      Recording::Open(flags.arguments()[0]);
  if (!recording.ok()) return FailHere(recording.status());

  net::Loop loop;
  bool interrupted = false;
  const StopSignals stop(&loop, [&] {
    interrupted = true;
    loop.Stop();
  });
  terminal::Printer printer(stop.fd());
  Outcomes outcomes;
  FrameLog log(
      Style(STDOUT_FILENO), quiet_ ? nullptr : &printer, 0,
      [&outcomes](uint32_t connection, Direction direction, const rpc::wire::Frame& frame) {
        if (direction == Direction::kToClient) outcomes.Now(connection, frame);
      });
  Player player(&loop, recording->get(), std::move(options), &log, &outcomes);
  player.Start();
  loop.Run();
  if (!player.status().ok()) {
    return absl::IsInvalidArgument(player.status()) ? FailHere(player.status())
                                                    : Fail(player.status());
  }
  outcomes.Finish();
  const absl::Status checked = CheckReplayed(flags.arguments()[0], **recording, outcomes);
  (void)printer.Print(OutcomesText(outcomes));
  if (interrupted || absl::IsCancelled(printer.status())) return kInterrupted;
  if (!printer.status().ok()) return FailToPrint(printer.status());
  if (!checked.ok()) return FailHere(checked);
  const bool same = outcomes.different() == 0 && (!exact_ || outcomes.other_bytes() == 0);
  return same ? 0 : kFailed;
}

}  // namespace cli
