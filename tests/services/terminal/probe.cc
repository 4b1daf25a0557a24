// A program of everything in services/terminal: lines that are typed come back, and SIGUSR1 is
// somebody else who speaks.
//
//     probe           lines with an editor; `work` shows a status, `quit` ends it, ^Z suspends it
//     probe raw       raw mode alone: no signal is awaited; `a` aborts
//     probe exit      exit(3) in raw mode
//     probe lines     lines without an editor, from anything
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/terminal/input.h"
#include "services/terminal/keys.h"
#include "services/terminal/line_editor.h"
#include "services/terminal/program.h"
#include "services/terminal/raw_mode.h"
#include "services/terminal/screen.h"
#include "services/terminal/signals.h"

namespace {

using terminal::Line;

class Probe {
 public:
  rpc::Task<int> Run() {
    screen_.Draw();
    auto first = co_await rpc::WhenAny(HearKeys(), HearSignals());
    screen_.Hide();
    screen_.Print("bye");
    co_return first.index == 0 ? first.get<0>() : first.get<1>();
  }

 private:
  rpc::Task<int> HearKeys() {
    for (;;) {
      const absl::StatusOr<std::string> bytes = co_await input_.Read();
      if (!bytes.ok() || bytes->empty()) co_return 1;
      for (const terminal::Key& key : keys_.Feed(*bytes)) {
        const std::optional<Line> line = editor_.Feed(key);
        if (line.has_value() && Ends(*line)) co_return 0;
        screen_.Draw();
      }
    }
  }

  rpc::Task<int> HearSignals() {
    for (;;) {
      const absl::StatusOr<int> number = co_await signals_.Next();
      if (!number.ok() || *number == SIGTERM) co_return 15;
      if (*number == SIGUSR1) screen_.Print("ann: hello\x1b[2J there");
      if (*number == SIGWINCH || *number == SIGCONT) screen_.Resize();
    }
  }

  bool Ends(const Line& line) {
    switch (line.kind) {
      case Line::Kind::kText:
        return Hear(line.text);
      case Line::Kind::kEof:
        return true;
      case Line::Kind::kSuspend:
        screen_.Hide();
        raw_.Suspend();
        screen_.Resize();
        return false;
      case Line::Kind::kClear:
        screen_.Clear();
        return false;
      default:
        screen_.Print("key " + std::to_string(static_cast<int>(line.kind)));
        return false;
    }
  }

  bool Hear(const std::string& text) {
    screen_.Enter(text);
    screen_.ShowStatus(text == "work" ? "working hard" : "");
    if (text != "work") screen_.Print("heard <" + text + ">");
    return text == "quit";
  }

  terminal::Input input_;
  terminal::RawMode raw_;
  terminal::KeyReader keys_;
  terminal::LineEditor editor_{"> "};
  terminal::Screen screen_{STDOUT_FILENO, &editor_};
  terminal::Signals signals_{SIGUSR1, SIGWINCH, SIGCONT, SIGTERM};
};

rpc::Task<int> RunRaw() {
  const terminal::RawMode raw;
  terminal::Screen screen(STDOUT_FILENO);
  screen.Print("raw");
  terminal::Input input;
  for (;;) {
    const absl::StatusOr<std::string> bytes = co_await input.Read();
    if (!bytes.ok() || bytes->empty()) co_return 1;
    if (*bytes == "a") std::abort();
    screen.Print("got " + *bytes);
  }
}

int RunExit() {
  const terminal::RawMode raw;
  std::exit(3);
}

rpc::Task<int> RunLines() {
  terminal::Screen screen(STDOUT_FILENO);
  terminal::Input input;
  for (;;) {
    const absl::StatusOr<std::optional<std::string>> line = co_await input.ReadLine();
    if (!line.ok() || !line->has_value()) co_return line.ok() ? 0 : 1;
    screen.Print("heard <" + **line + ">");
  }
}

}  // namespace

int main(int argc, char** argv) {
  terminal::BeginProgram();
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "raw") return rpc::Run(RunRaw);
  if (mode == "exit") return RunExit();
  if (mode == "lines") return rpc::Run(RunLines);
  return rpc::Run([]() -> rpc::Task<int> {
    Probe probe;
    co_return co_await probe.Run();
  });
}
