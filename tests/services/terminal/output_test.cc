// Much output, and nobody who reads it.
#include "services/terminal/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "tests/services/terminal/pseudo_terminal.h"

namespace terminal {
namespace {

class OutputTest : public testing::Test {
 protected:
  OutputTest() {
    EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0);
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~OutputTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }

  int ends_[2] = {};
};

absl::Status WriteTo(int fd, const std::string& bytes) {
  return rpc::Run([&]() -> rpc::Task<> {
    Output output(fd, "the pipe");
    co_return co_await output.Write(bytes);
  });
}

TEST_F(OutputTest, AllOfItIsWritten) {
  const std::string much(1'000'000, 'x');
  std::string read_by_thread;
  std::thread reader([&] {
    char buffer[10'000];
    while (read_by_thread.size() < much.size()) {
      const ssize_t size = read(ends_[0], buffer, sizeof(buffer));
      if (size <= 0) return;
      read_by_thread.append(buffer, static_cast<size_t>(size));
    }
  });
  EXPECT_TRUE(WriteTo(ends_[1], much).ok());
  reader.join();
  EXPECT_TRUE(read_by_thread == much);
}

TEST_F(OutputTest, AReaderThatDoesNotReadDoesNotStopTheLoop) {
  rpc::Run([&]() -> rpc::Task<void> {
    Output output(ends_[1]);
    const std::string much(1'000'000, 'x');
    auto first = co_await rpc::WhenAny(output.Write(much), rpc::Sleep(absl::Milliseconds(20)));
    EXPECT_EQ(first.index, 1u);
    EXPECT_EQ(fcntl(ends_[1], F_GETFL) & O_NONBLOCK, 0);
  });
}

TEST_F(OutputTest, NorDoesATerminalThatTakesNothing) {
  PseudoTerminal terminal;
  rpc::Run([&]() -> rpc::Task<void> {
    Output output(terminal.program_end());
    const std::string much(1'000'000, 'x');
    auto first = co_await rpc::WhenAny(output.Write(much), rpc::Sleep(absl::Milliseconds(20)));
    EXPECT_EQ(first.index, 1u);
    EXPECT_EQ(fcntl(terminal.program_end(), F_GETFL) & O_NONBLOCK, 0);
    // The system may still have been moving bytes on, and so find room for a few more.
    for (bool taken = true; taken;) {
      auto rest = co_await rpc::WhenAny(output.Write("y"), rpc::Sleep(absl::Milliseconds(20)));
      taken = rest.index == 0;
    }
    while (!terminal.Written().empty()) (void)co_await rpc::Sleep(absl::Milliseconds(1));
    const absl::Status written = co_await output.Write("z");
    EXPECT_TRUE(written.ok()) << written;
  });
  EXPECT_EQ(terminal.Written(), "z");
}

TEST_F(OutputTest, AFileIsWritten) {
  const std::string path = testing::TempDir() + "/output_test";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  EXPECT_TRUE(WriteTo(fd, std::string(3'000'000, 'x')).ok());
  EXPECT_EQ(lseek(fd, 0, SEEK_END), 3'000'000);
  close(fd);
}

TEST_F(OutputTest, FailuresAreSentences) {
  EXPECT_EQ(dup2(ends_[1], ends_[0]), ends_[0]);  // no reader is left
  EXPECT_EQ(WriteTo(ends_[1], "x"), absl::UnavailableError("nobody reads the pipe any more"));
  EXPECT_EQ(WriteTo(-1, "x"), absl::UnavailableError("the pipe is not open"));
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(WriteTo(full, "x"),
            absl::InternalError("cannot write to the pipe: No space left on device"));
  close(full);
}

}  // namespace
}  // namespace terminal
