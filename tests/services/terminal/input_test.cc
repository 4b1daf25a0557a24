// Bytes and lines of every kind of descriptor.
#include "services/terminal/input.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "tests/services/terminal/pseudo_terminal.h"

namespace terminal {
namespace {

class InputTest : public testing::Test {
 protected:
  InputTest() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0); }
  ~InputTest() override {
    close(ends_[0]);
    CloseWriter();
  }

  void Write(std::string_view bytes) {
    EXPECT_EQ(write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void CloseWriter() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  int ends_[2] = {};
};

// All bytes up to the end.
std::string ReadAll(int fd) {
  return rpc::Run([&]() -> rpc::Task<std::string> {
    Input input(fd);
    std::string all;
    for (;;) {
      const absl::StatusOr<std::string> bytes = co_await input.Read();
      if (!bytes.ok() || bytes->empty()) co_return all;
      all += *bytes;
    }
  });
}

// All lines up to the end; an error as its sentence.
std::vector<std::string> ReadLines(int fd) {
  return rpc::Run([&]() -> rpc::Task<std::vector<std::string>> {
    Input input(fd);
    std::vector<std::string> lines;
    for (;;) {
      const absl::StatusOr<std::optional<std::string>> line = co_await input.ReadLine();
      if (line.ok() && !line->has_value()) co_return lines;
      lines.push_back(line.ok() ? **line : std::string(line.status().message()));
    }
  });
}

std::string TemporaryFile(std::string_view text) {
  const std::string path = testing::TempDir() + "/input_test";
  std::FILE* const file = std::fopen(path.c_str(), "w");
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);
  return path;
}

using Lines = std::vector<std::string>;

TEST_F(InputTest, ReadsAPipeToItsEnd) {
  Write("hello");
  CloseWriter();
  EXPECT_EQ(ReadAll(ends_[0]), "hello");
}

TEST_F(InputTest, ReadsAFileToItsEnd) {
  const std::string text(200'000, 'x');
  const int fd = open(TemporaryFile(text).c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_TRUE(ReadAll(fd) == text);
  close(fd);
}

TEST_F(InputTest, OfNothingThereIsNothing) {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(ReadAll(fd), "");
  close(fd);
  EXPECT_EQ(ReadAll(fd), "") << "one that is not open";
}

TEST_F(InputTest, ReadsATerminal) {
  PseudoTerminal terminal;
  terminal.Type("hello\n\x04");
  EXPECT_EQ(ReadAll(terminal.program_end()), "hello\n");
}

TEST_F(InputTest, WaitsForBytes) {
  const std::string read = rpc::Run([&]() -> rpc::Task<std::string> {
    Input input(ends_[0]);
    auto first = co_await rpc::WhenAny(input.Read(), rpc::Sleep(absl::Milliseconds(20)));
    EXPECT_EQ(first.index, 1u);
    Write("late");
    const absl::StatusOr<std::string> bytes = co_await input.Read();
    co_return bytes.value_or("");
  });
  EXPECT_EQ(read, "late");
}

TEST_F(InputTest, WhetherTheDescriptorBlocksIsLeftAsItWas) {
  for (const int flags : {0, O_NONBLOCK}) {
    fcntl(ends_[0], F_SETFL, flags);
    rpc::Run([&]() -> rpc::Task<void> {
      Input input(ends_[0]);
      (void)co_await rpc::WhenAny(input.Read(), rpc::Sleep(absl::Milliseconds(1)));
      EXPECT_EQ(fcntl(ends_[0], F_GETFL) & O_NONBLOCK, flags);
    });
    EXPECT_EQ(fcntl(ends_[0], F_GETFL) & O_NONBLOCK, flags);
  }
}

TEST_F(InputTest, LinesEndAtLineFeeds) {
  Write("one\n\ntwo\r\nlast");
  CloseWriter();
  EXPECT_EQ(ReadLines(ends_[0]), (Lines{"one", "", "two\r", "last"}));
}

TEST_F(InputTest, ALineMayComeInPieces) {
  const std::string read = rpc::Run([&]() -> rpc::Task<std::string> {
    Input input(ends_[0]);
    Write("on");
    rpc::Spawn([this]() -> rpc::Task<void> {
      (void)co_await rpc::Sleep(absl::Milliseconds(5));
      Write("e\nrest");
    });
    const absl::StatusOr<std::optional<std::string>> line = co_await input.ReadLine();
    const absl::StatusOr<std::string> rest = co_await input.Read();
    co_return line->value_or("") + "," + rest.value_or("");
  });
  EXPECT_EQ(read, "one,rest");
}

TEST_F(InputTest, ALineThatIsTooLongIsToldOfAndPassedOver) {
  const std::string longest(Input::kLineSizeMax, 'x');
  const std::string path = TemporaryFile("one\n" + longest + "x\n" + longest + "\n" + longest +
                                         longest + longest + "\nlast\n" + longest + longest);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const std::string end = " of the input has more than the 1048576 bytes that are read";
  EXPECT_TRUE(ReadLines(fd) ==
              (Lines{"one", "line 2" + end, longest, "line 4" + end, "last", "line 6" + end}));
  close(fd);
}

}  // namespace
}  // namespace terminal
