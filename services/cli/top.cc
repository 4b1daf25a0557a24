#include "services/cli/top.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/rpc.h"
#include "services/cli/failure.h"
#include "services/cli/style.h"
#include "services/cli/top_table.h"
#include "services/stats/stats.rpc.h"
#include "services/terminal/input.h"
#include "services/terminal/keys.h"
#include "services/terminal/output.h"
#include "services/terminal/raw_mode.h"
#include "services/terminal/signals.h"

namespace cli {
namespace {

using terminal::Key;

// Another screen, and no cursor; and back.
constexpr char kEnter[] = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr char kLeave[] = "\x1b[?25h\x1b[?1049l";

// Between two attempts to reach a server that was there.
constexpr absl::Duration kPause = absl::Seconds(1);

struct Options {
  uint32_t period_ms = 1'000;
  int64_t count = 0;  // of plain outputs; 0: no end
};

// The screen of a terminal, all of it, while it lives.
class FullScreen {
 public:
  FullScreen() { Write(kEnter); }
  ~FullScreen() { Write(kLeave); }
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  void Draw(TopTable* table, const Style& style) {
    winsize size = {};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    // What stands in the last column would be erased with the rest of its line.
    const size_t columns = (known ? size.ws_col : 80) - 1;
    const size_t rows = known ? size.ws_row : 24;
    std::string text = "\x1b[H";
    const std::vector<std::string> lines = table->Screen(columns, rows, style);
    for (size_t i = 0; i < lines.size(); ++i) {
      absl::StrAppend(&text, i == 0 ? "" : "\r\n", lines[i], "\x1b[K");
    }
    Write(text + "\x1b[J");
  }

  // Away for a while, and back.
  void Leave() { Write(kLeave); }
  void Enter() { Write(kEnter); }

 private:
  void Write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
};

class Session {
 public:
  Session(const rpc::Channel& channel, std::string address, const Options& options)
      : client_(channel), options_(options), table_(std::move(address)) {}

  // The exit code.
  rpc::Task<int> Hold() {
    is_terminal_ = isatty(STDOUT_FILENO) == 1 && isatty(STDIN_FILENO) == 1;
    if (is_terminal_) return HoldScreen();
    return HoldPlain();
  }

 private:
  rpc::Task<int> HoldPlain() {
    auto any = co_await rpc::WhenAny(Watch(), AwaitEnd());
    if (any.index == 1) co_return kInterrupted;
    co_return any.get<0>();
  }

  rpc::Task<int> HoldScreen() {
    // A server that is not there is told below the command, not on another screen.
    const stats::ListRequest request;
    const absl::StatusOr<stats::Snapshot> first = co_await client_.List(request);
    if (!first.ok()) co_return Told(first.status());
    int code = 0;
    {
      // Before the screen: whatever comes then leaves it as it was.
      terminal::Signals signals({SIGWINCH, SIGINT, SIGTERM, SIGHUP});
      terminal::RawMode raw;
      raw_ = &raw;
      screen_.emplace();
      Draw();
      auto any = co_await rpc::WhenAny(WatchAgainAndAgain(), ObeyKeys(), ObeySignals(&signals));
      if (any.index == 1) code = any.get<1>();
      if (any.index == 2) code = any.get<2>();
      screen_.reset();
      raw_ = nullptr;
    }
    co_return code;
  }

  // 0 when it has seen enough, or the exit code of what went wrong.
  rpc::Task<int> Watch() {
    stats::WatchRequest request;
    request.set_period_ms(options_.period_ms);
    auto call = client_.Watch(request);
    terminal::Output out;
    int64_t looks = 0;
    for (;;) {
      const stats::Snapshot* const snapshot = co_await call.Read();
      if (snapshot == nullptr) break;
      table_.SetNotice("");
      table_.Take(*snapshot);
      if (is_terminal_) {
        Draw();
        continue;
      }
      if (!table_.ready()) continue;
      const std::string text = table_.Plain();
      const absl::Status printed = co_await out.Write(text);
      if (!printed.ok()) co_return FailToPrint(printed);
      if (++looks == options_.count) co_return 0;
    }
    status_ = call.status();
    if (is_terminal_) co_return 0;
    co_return Told(status_.ok() ? absl::UnavailableError("the server has ended") : status_);
  }

  rpc::Task<void> WatchAgainAndAgain() {
    for (;;) {
      (void)co_await Watch();
      const std::string why =
          status_.ok() ? "the server has ended" : std::string(status_.message());
      table_.SetNotice(absl::StrCat(why, "; trying again  q quit"));
      Draw();
      const absl::Status slept = co_await rpc::Sleep(kPause);
      if (!slept.ok()) co_return;
    }
  }

  // The exit code, once a key has ended it.
  rpc::Task<int> ObeyKeys() {
    terminal::Input input;
    terminal::KeyReader reader;
    for (;;) {
      const absl::StatusOr<std::string> bytes = co_await input.Read();
      if (!bytes.ok() || bytes->empty()) co_return 0;
      for (const Key& key : reader.Feed(*bytes)) {
        if (key.kind == Key::Kind::kInterrupt) co_return kInterrupted;  // as SIGINT
        if (!Obey(key)) co_return 0;
      }
      Draw();
    }
  }

  // False: it is to end.
  bool Obey(const Key& key) {
    switch (key.kind) {
      case Key::Kind::kEof:
        return false;
      case Key::Kind::kSuspend:
        Suspend();
        return true;
      case Key::Kind::kUp:
        table_.Scroll(-1);
        return true;
      case Key::Kind::kDown:
        table_.Scroll(1);
        return true;
      case Key::Kind::kText:
        return ObeyText(key.text);
      default:
        return true;
    }
  }

  bool ObeyText(const std::string& text) {
    for (const char c : text) {
      if (c == 'q') return false;
      if (c == 's') table_.NextOrder();
      if (c == 'j') table_.Scroll(1);
      if (c == 'k') table_.Scroll(-1);
    }
    return true;
  }

  rpc::Task<int> ObeySignals(terminal::Signals* signals) {
    for (;;) {
      const absl::StatusOr<int> signal = co_await signals->Next();
      if (!signal.ok()) co_return kFailed;
      if (*signal != SIGWINCH) co_return kInterrupted;
      Draw();
    }
  }

  rpc::Task<void> AwaitEnd() {
    terminal::Signals signals({SIGINT, SIGTERM});
    (void)co_await signals.Next();
  }

  void Suspend() {
    screen_->Leave();
    raw_->Suspend();
    screen_->Enter();
  }

  void Draw() {
    if (screen_.has_value()) screen_->Draw(&table_, style_);
  }

  int Told(const absl::Status& status) const {
    if (!absl::IsUnimplemented(status)) return Fail(status);
    return Fail(absl::UnimplementedError("this server has no stats service"));
  }

  const stats::Stats::Client client_;
  const Options options_;
  const Style style_{STDOUT_FILENO};
  TopTable table_;
  bool is_terminal_ = false;
  terminal::RawMode* raw_ = nullptr;
  std::optional<FullScreen> screen_;
  absl::Status status_;  // why the last Watch ended
};

}  // namespace

void Top::Declare(terminal::Flags* flags) {
  flags->Duration("interval", "from one look to the next", &interval_);
  flags->Number("count", 0, 1'000'000, "ends after so many looks; not at a terminal; 0: no end",
                &count_);
  server_.Declare(flags);
  flags->Arguments(1, 1);
  flags->Footer(
      "For each method: calls and errors a second, the latency that half of the calls and 99 % of "
      "them kept to (p50, p99), and how many are open; all since the last look. Keys: q quits, s "
      "sorts by something else, up and down scroll. It exits with 0 after q, with 130 after "
      "Ctrl-C. "
      "What is no terminal gets lines.\n"
      "\n"
      "Examples:\n"
      "  rpc top 127.0.0.1:7000\n"
      "  rpc top 127.0.0.1:7000 --interval=5s --count=12 > minute.txt\n");
}

int Top::Run(const terminal::Flags& flags) {
  const absl::StatusOr<std::string> address = AddressFrom(flags.arguments()[0]);
  if (!address.ok()) return UsageError(address.status());
  if (absl::Status s = CheckCarriesStreams(*address); !s.ok()) return UsageError(s);
  const absl::StatusOr<rpc::Channel> channel = server_.Connect(*address);
  if (!channel.ok()) return UsageError(channel.status());
  const int64_t period_ms = absl::ToInt64Milliseconds(interval_);
  if (period_ms < 10 || period_ms > 3'600'000) {
    return UsageError(absl::InvalidArgumentError(
        absl::StrCat("--interval is from 10ms to 1h, not ", absl::FormatDuration(interval_))));
  }
  Session session(*channel, *address,
                  {.period_ms = static_cast<uint32_t>(period_ms), .count = count_});
  return rpc::Run([&session] { return session.Hold(); });
}

}  // namespace cli
