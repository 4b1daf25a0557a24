// Signals that are awaited, and the terminal that is looked after meanwhile; probe_test.py shows
// what becomes of whole programs.
#include "services/terminal/signals.h"

#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/terminal/raw_mode.h"
#include "tests/services/terminal/pseudo_terminal.h"

namespace terminal {
namespace {

void (*ActionOf(int number))(int) {
  struct sigaction action = {};
  sigaction(number, nullptr, &action);
  return action.sa_handler;
}

// On a loop, where signals are awaited.
template <typename F>
void OnLoop(F function) {
  rpc::Run([&]() -> rpc::Task<void> {
    function();
    co_return;
  });
}

TEST(SignalsTest, EachIsToldOnceAndInOrder) {
  const auto told = rpc::Run([]() -> rpc::Task<std::vector<int>> {
    Signals signals({SIGUSR1, SIGWINCH});
    std::vector<int> numbers;
    raise(SIGUSR1);
    raise(SIGWINCH);
    raise(SIGUSR1);
    while (numbers.size() < 3) {
      const absl::StatusOr<int> number = co_await signals.Next();
      numbers.push_back(number.value_or(0));
    }
    auto first = co_await rpc::WhenAny(signals.Next(), rpc::Sleep(absl::Milliseconds(10)));
    EXPECT_EQ(first.index, 1u);
    co_return numbers;
  });
  EXPECT_EQ(told, (std::vector<int>{SIGUSR1, SIGWINCH, SIGUSR1}));
}

TEST(SignalsTest, ASignalOfAnotherThreadWakesTheLoop) {
  const int told = rpc::Run([]() -> rpc::Task<int> {
    Signals signals({SIGTERM});
    const auto send = [] { return kill(getpid(), SIGTERM); };
    auto both = co_await rpc::WhenAll(signals.Next(), rpc::Blocking(send));
    co_return std::get<0>(both).value_or(0);
  });
  EXPECT_EQ(told, SIGTERM);
}

TEST(SignalsTest, AfterThatTheyDoWhatTheyDidBefore) {
  EXPECT_EQ(ActionOf(SIGTERM), SIG_DFL);
  OnLoop([] {
    const Signals signals({SIGTERM});
    EXPECT_NE(ActionOf(SIGTERM), SIG_DFL);
  });
  EXPECT_EQ(ActionOf(SIGTERM), SIG_DFL);
}

TEST(SignalsTest, ASignalThatIsIgnoredStaysIgnored) {
  std::signal(SIGHUP, SIG_IGN);
  OnLoop([] {
    const Signals signals({SIGHUP});
    EXPECT_EQ(ActionOf(SIGHUP), SIG_IGN);
  });
  EXPECT_EQ(ActionOf(SIGHUP), SIG_IGN);
  std::signal(SIGHUP, SIG_DFL);
}

TEST(SignalsTest, NoSignalIsAwaitedTwice) {
  OnLoop([] {
    const Signals signals({SIGTERM});
    EXPECT_THROW(Signals({SIGUSR1, SIGTERM}), std::logic_error);
    EXPECT_THROW(Signals({SIGKILL}), std::invalid_argument);
    EXPECT_EQ(ActionOf(SIGUSR1), SIG_DFL);
  });
}

TEST(RawModeTest, TheTerminalIsRawAndThenAsItWas) {
  PseudoTerminal terminal;
  {
    RawMode raw(terminal.program_end());
    EXPECT_TRUE(raw.is_active());
    EXPECT_TRUE(terminal.IsRaw());
    EXPECT_EQ(terminal.Written(), "\x1b[?2004h");
    raw.Pause();
    EXPECT_FALSE(terminal.IsRaw());
    EXPECT_EQ(terminal.Written(), "\x1b[?2004l");
    raw.Resume();
    EXPECT_TRUE(terminal.IsRaw());
  }
  EXPECT_FALSE(terminal.IsRaw());
  EXPECT_EQ(terminal.Written(), "\x1b[?2004h\x1b[?2004l");
}

TEST(RawModeTest, OutputIsStillMadeOfLines) {
  PseudoTerminal terminal;
  const RawMode raw(terminal.program_end());
  EXPECT_EQ(write(terminal.program_end(), "a\nb", 3), 3);
  EXPECT_EQ(terminal.Written(), "\x1b[?2004ha\r\nb");
}

TEST(RawModeTest, WithoutATerminalNothingHappens) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    RawMode raw(ends[0]);
    EXPECT_FALSE(raw.is_active());
    raw.Pause();
    raw.Resume();
    EXPECT_EQ(ActionOf(SIGTERM), SIG_DFL);
  }
  close(ends[0]);
  close(ends[1]);
}

TEST(RawModeTest, ThereIsOneAtATime) {
  PseudoTerminal terminal;
  const RawMode raw(terminal.program_end());
  EXPECT_THROW(RawMode(terminal.program_end()), std::logic_error);
  EXPECT_TRUE(terminal.IsRaw());
}

TEST(RawModeTest, ItIsRawAgainWhenTheProgramGoesOn) {
  PseudoTerminal terminal;
  termios before = {};
  tcgetattr(terminal.program_end(), &before);
  const RawMode raw(terminal.program_end());
  tcsetattr(terminal.program_end(), TCSANOW, &before);
  raise(SIGCONT);
  EXPECT_TRUE(terminal.IsRaw());
}

TEST(RawModeTest, SignalsAndRawModeMayComeAndGoInAnyOrder) {
  OnLoop([] {
    PseudoTerminal terminal;
    auto raw = std::make_unique<RawMode>(terminal.program_end());
    auto signals = std::make_unique<Signals>(std::initializer_list<int>{SIGTERM, SIGCONT});
    raw.reset();
    EXPECT_NE(ActionOf(SIGTERM), SIG_DFL);
    EXPECT_EQ(ActionOf(SIGINT), SIG_DFL);
    raw = std::make_unique<RawMode>(terminal.program_end());
    signals.reset();
    EXPECT_NE(ActionOf(SIGTERM), SIG_DFL);
    raw.reset();
    for (const int each : {SIGTERM, SIGCONT, SIGINT, SIGTSTP}) EXPECT_EQ(ActionOf(each), SIG_DFL);
  });
}

}  // namespace
}  // namespace terminal
