// What a screen writes; tests/services/terminal/probe_test.py looks at what comes of it.
#include "services/terminal/screen.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <string_view>
#include <thread>

#include "gtest/gtest.h"
#include "services/terminal/keys.h"
#include "services/terminal/line_editor.h"
#include "tests/services/terminal/pseudo_terminal.h"

namespace terminal {
namespace {

constexpr std::string_view kErase = "\r\x1b[J";
// "> ab", and the cursor behind it.
constexpr std::string_view kLine = "\r> ab\x1b[K\r\x1b[4C";

class ScreenTest : public testing::Test {
 protected:
  ScreenTest() { editor_.Replace("ab"); }

  std::string Drawn() {
    screen_.Draw();
    return terminal_.Written();
  }

  PseudoTerminal terminal_{40};
  LineEditor editor_{"> "};
  Screen screen_{terminal_.program_end(), &editor_};
};

TEST_F(ScreenTest, KnowsItsTerminal) {
  EXPECT_TRUE(screen_.is_terminal());
  EXPECT_EQ(screen_.columns(), 40u);
}

TEST_F(ScreenTest, DrawsTheLineAndPutsTheCursorInIt) {
  EXPECT_EQ(Drawn(), kLine);
  editor_.Feed({.kind = Key::Kind::kHome, .text = {}});
  EXPECT_EQ(Drawn(), "\r> ab\x1b[K\r\x1b[2C");
  editor_.SetPrompt("");
  EXPECT_EQ(Drawn(), "\rab\x1b[K\r");
}

TEST_F(ScreenTest, PrintsAboveTheLine) {
  Drawn();
  screen_.Print("ann: hello");
  EXPECT_EQ(terminal_.Written(), std::string(kErase) + "ann: hello\r\n" + std::string(kLine));
}

TEST_F(ScreenTest, PrintsWhenNothingIsDrawn) {
  screen_.Print("one\ntwo\n");
  EXPECT_EQ(terminal_.Written(), "one\r\ntwo\r\n");
}

TEST_F(ScreenTest, WhatOthersSayIsHarmless) {
  screen_.Print("\x1b[2J\rmalory: \x9b\xff");
  EXPECT_EQ(terminal_.Written(), "^[[2J^Mmalory: \\x9b\\xff\r\n");
  screen_.PrintRaw("\x1b[1mours\x1b[m");
  EXPECT_EQ(terminal_.Written(), "\x1b[1mours\x1b[m\r\n");
}

TEST_F(ScreenTest, AnEnteredLineStays) {
  Drawn();
  screen_.Enter("ab\x1b");
  EXPECT_EQ(terminal_.Written(), std::string(kErase) + "> ab^[\r\n");
  screen_.Print("next");
  EXPECT_EQ(terminal_.Written(), "next\r\n");
}

TEST_F(ScreenTest, HidesTheLineUntilItIsDrawnAgain) {
  Drawn();
  screen_.Hide();
  EXPECT_EQ(terminal_.Written(), kErase);
  screen_.Hide();
  screen_.Print("x");
  EXPECT_EQ(terminal_.Written(), "x\r\n");
  EXPECT_EQ(Drawn(), kLine);
}

TEST_F(ScreenTest, AStatusStandsInPlaceOfTheLine) {
  Drawn();
  screen_.ShowStatus("copying\x07");
  EXPECT_EQ(terminal_.Written(), "\rcopying^G\x1b[K");
  screen_.Print("x");
  EXPECT_EQ(terminal_.Written(), std::string(kErase) + "x\r\n\rcopying^G\x1b[K");
  screen_.ShowStatus("");
  EXPECT_EQ(terminal_.Written(), kLine);
}

TEST_F(ScreenTest, AStatusFitsInTheRow) {
  screen_.ShowStatus(std::string(100, 'x'));
  EXPECT_EQ(terminal_.Written(), "\r" + std::string(39, 'x') + "\x1b[K");
  screen_.ShowStatus("");
  EXPECT_EQ(terminal_.Written(), kErase);
}

TEST_F(ScreenTest, ADrawnLineFitsInTheNewWindow) {
  editor_.Replace(std::string(30, 'x'));
  Drawn();
  terminal_.Resize(20);
  screen_.Resize();
  EXPECT_EQ(screen_.columns(), 20u);
  EXPECT_EQ(terminal_.Written().find(std::string(18, 'x')), std::string::npos);
}

TEST_F(ScreenTest, ClearsTheScreen) {
  Drawn();
  screen_.Clear();
  EXPECT_EQ(terminal_.Written(), "\x1b[H\x1b[2J" + std::string(kLine));
}

class PipeTest : public testing::Test {
 protected:
  PipeTest() {
    EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0);
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~PipeTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  std::string Written() {
    char buffer[4096];
    const ssize_t size = read(ends_[0], buffer, sizeof(buffer));
    return std::string(buffer, size < 0 ? 0 : static_cast<size_t>(size));
  }

  int ends_[2] = {};
  LineEditor editor_{"> "};
};

TEST_F(PipeTest, OnlyWhatIsPrintedIsWrittenToWhatIsNoTerminal) {
  Screen screen(ends_[1], &editor_);
  EXPECT_FALSE(screen.is_terminal());
  EXPECT_EQ(screen.columns(), 80u);
  screen.Draw();
  screen.ShowStatus("copying");
  screen.Enter("line");
  screen.Clear();
  screen.Hide();
  screen.Resize();
  EXPECT_EQ(Written(), "");
  screen.Print("hello\x1b");
  EXPECT_EQ(Written(), "hello^[\n");
}

TEST_F(PipeTest, WaitsForAReaderThatIsSlow) {
  fcntl(ends_[1], F_SETFL, O_NONBLOCK);
  Screen screen(ends_[1], &editor_);
  fcntl(ends_[0], F_SETFL, 0);
  std::thread reader([&] {
    char buffer[4096];
    for (size_t sum = 0; sum < 200'001;) sum += static_cast<size_t>(read(ends_[0], buffer, 4096));
  });
  screen.Print(std::string(200'000, 'x'));
  reader.join();
  EXPECT_TRUE(screen.ok());
}

TEST_F(PipeTest, SaysWhenNobodyReads) {
  std::signal(SIGPIPE, SIG_IGN);
  Screen screen(ends_[1], &editor_);
  EXPECT_EQ(dup2(ends_[1], ends_[0]), ends_[0]);  // no reader is left
  screen.Print("x");
  EXPECT_FALSE(screen.ok());
}

}  // namespace
}  // namespace terminal
