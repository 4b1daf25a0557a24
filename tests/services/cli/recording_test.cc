// What a recording says when its file ends, or cannot be read, where a reader cannot make it so
// from outside.
#include "services/cli/recording.h"

#include <cerrno>
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace cli {
namespace {

// A file that has these bytes, and then fails, as a disk does that has gone.
struct Failing {
  std::string bytes;
  size_t read = 0;
};

File Open(Failing* failing) {
  cookie_io_functions_t functions = {};
  functions.read = [](void* cookie, char* buffer, size_t size) -> ssize_t {
    auto* const from = static_cast<Failing*>(cookie);
    if (from->read == from->bytes.size()) {
      errno = EIO;
      return -1;
    }
    const size_t copied = from->bytes.copy(buffer, size, from->read);
    from->read += copied;
    return static_cast<ssize_t>(copied);
  };
  return File(fopencookie(failing, "rb", functions));
}

std::string Start() { return std::string("uvrpcrec\0\0\0\1\0\0\0\0\0\0\0\0", 20); }

std::string EventOf(const std::string& bytes) {
  std::string event("o\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16);
  return event + static_cast<char>(bytes.size()) + bytes;
}

// How many events are read, and what is said then.
std::pair<int, absl::Status> ReadAll(const std::string& bytes) {
  Failing failing = {.bytes = bytes};
  const auto recording = Recording::From("a.rec", Open(&failing));
  if (!recording.ok()) return {-1, recording.status()};
  Event event;
  int count = 0;
  while ((*recording)->Next(&event)) ++count;
  EXPECT_FALSE((*recording)->Next(&event));
  return {count, (*recording)->status()};
}

TEST(RecordingTest, AFailureBetweenEventsIsNotTheEnd) {
  const auto [count, status] = ReadAll(Start() + EventOf("abc") + EventOf(""));
  EXPECT_EQ(count, 2);
  EXPECT_EQ(status, absl::UnavailableError("cannot read a.rec at byte 57: Input/output error"));
}

TEST(RecordingTest, AFailureInsideOfAnEventIsNoCut) {
  const std::string bytes = Start() + EventOf("abc");
  for (size_t size = 21; size < bytes.size(); ++size) {
    const auto [count, status] = ReadAll(bytes.substr(0, size));
    EXPECT_EQ(count, 0);
    EXPECT_TRUE(absl::IsUnavailable(status)) << size << ": " << status;
  }
}

TEST(RecordingTest, AFailureAtTheStartIsNoOtherFile) {
  EXPECT_EQ(ReadAll("").second,
            absl::UnavailableError("cannot read a.rec at byte 0: Input/output error"));
}

}  // namespace
}  // namespace cli
