// Descriptors that a coroutine waits for: pipes with room, with bytes and with an end, and what is
// always ready.
#include "rpc/pollable.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "tests/coroutines/cancelled_call.h"

namespace rpc {
namespace {

struct Pipe {
  Descriptor out;  // to read
  Descriptor in;   // to write
};

Pipe MakePipe() {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

std::string ReadWhatIsThere(int fd) {
  std::array<char, 64> bytes = {};
  const ssize_t size = read(fd, bytes.data(), bytes.size());
  return size < 0 ? "nothing" : std::string(bytes.data(), static_cast<size_t>(size));
}

// Until the pipe takes no more.
size_t Fill(int fd) {
  const std::string bytes(4'096, 'x');
  size_t total = 0;
  while (true) {
    const ssize_t size = write(fd, bytes.data(), bytes.size());
    if (size < 0) return total;
    total += static_cast<size_t>(size);
  }
}

TEST(PollableTest, BytesWakeWhoWaitsForThem) {
  rpc::Run([]() -> Task<void> {
    Pipe pipe = MakePipe();
    const int in = pipe.in.get();
    Pollable out(std::move(pipe.out));
    auto writes = [in]() -> Task<> {
      (void)co_await Sleep(absl::Milliseconds(2));
      EXPECT_EQ(write(in, "hello", 5), 5);
      co_return absl::OkStatus();
    };
    for (int round = 0; round < 3; ++round) {
      auto both = co_await WhenAll(out.Readable(), writes());
      EXPECT_TRUE(std::get<0>(both).ok());
      EXPECT_EQ(ReadWhatIsThere(out.fd()), "hello");
    }
  });
}

TEST(PollableTest, RoomWakesWhoWantsToWrite) {
  rpc::Run([]() -> Task<void> {
    Pipe pipe = MakePipe();
    Pollable in(std::move(pipe.in));
    EXPECT_GT(Fill(in.fd()), 0U);
    auto full = co_await WhenAny(in.Writable(), Sleep(absl::Milliseconds(5)));
    EXPECT_EQ(full.index, 1U);
    std::string taken(1 << 20, ' ');
    EXPECT_GT(read(pipe.out.get(), taken.data(), taken.size()), 0);
    const absl::Status ready = co_await in.Writable();
    EXPECT_TRUE(ready.ok());
    EXPECT_GT(Fill(in.fd()), 0U);
  });
}

TEST(PollableTest, AnEndIsReadable) {
  rpc::Run([]() -> Task<void> {
    Pipe pipe = MakePipe();
    Pollable out(std::move(pipe.out));
    pipe.in = Descriptor();
    for (int again = 0; again < 2; ++again) {
      const absl::Status ready = co_await out.Readable();
      EXPECT_TRUE(ready.ok());
      EXPECT_EQ(ReadWhatIsThere(out.fd()), "");
    }
  });
}

TEST(PollableTest, APipeThatNobodyReadsIsWritableAndFails) {
  signal(SIGPIPE, SIG_IGN);
  rpc::Run([]() -> Task<void> {
    Pipe pipe = MakePipe();
    Pollable in(std::move(pipe.in));
    Fill(in.fd());
    pipe.out = Descriptor();
    for (int again = 0; again < 2; ++again) {
      const absl::Status ready = co_await in.Writable();
      EXPECT_TRUE(ready.ok());
      EXPECT_EQ(write(in.fd(), "x", 1), -1);
      EXPECT_EQ(errno, EPIPE);
    }
  });
}

TEST(PollableTest, WhatCannotBeWatchedIsReady) {
  rpc::Run([]() -> Task<void> {
    for (const char* path : {"/dev/null", "/proc/self/exe"}) {
      Pollable file{Descriptor(open(path, O_RDONLY | O_CLOEXEC))};
      for (int again = 0; again < 3; ++again) {
        const absl::Status ready = co_await file.Readable();
        EXPECT_TRUE(ready.ok()) << path;
      }
    }
  });
}

TEST(PollableTest, OthersAreServedBetweenTwoReadsOfAFile) {
  rpc::Run([]() -> Task<void> {
    Pollable file{Descriptor(open("/proc/self/exe", O_RDONLY | O_CLOEXEC))};
    auto reads = [&file]() -> Task<> {
      while (true) {
        const absl::Status ready = co_await file.Readable();
        if (!ready.ok()) co_return ready;
      }
    };
    auto first = co_await WhenAny(reads(), Sleep(absl::Milliseconds(5)));
    EXPECT_EQ(first.index, 1U);
  });
}

TEST(PollableTest, AThreadWithoutALoopHasNone) {
  EXPECT_THROW(Pollable(MakePipe().out), std::logic_error);
}

class CancelledPollableTest : public CancelledCallTest,
                              public testing::WithParamInterface<Ending> {};

INSTANTIATE_TEST_SUITE_P(Endings, CancelledPollableTest,
                         testing::Values(Ending::kCancel, Ending::kDeadline, Ending::kLoss),
                         [](const testing::TestParamInfo<Ending>& info) {
                           return EndingName(info.param);
                         });

TEST_P(CancelledPollableTest, AHandlerThatWaitsHearsOfItsEnd) {
  absl::Status heard;
  Begin(GetParam(), [&heard](Scene scene) -> Task<> {
    Pipe pipe = MakePipe();
    Pollable out(std::move(pipe.out));
    scene.waits.Happen();
    heard = co_await out.Readable();
    co_return heard;
  });
  EndCall();
  ExpectHandlerGone();
  EXPECT_TRUE(absl::IsCancelled(heard)) << heard;
}

}  // namespace
}  // namespace rpc
