// Much output, and much input: in bounded memory, whole, and while other things go on.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <tuple>

#include "gtest/gtest.h"
#include "tests/services/shell/shell_fixture.h"

namespace shell {
namespace {

// More than all the pipes and windows between hold, many times over.
constexpr size_t kSize = 120'000'000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kMemoryMax = 1'000'000'000;  // what is freed is kept for a while
#else
constexpr size_t kMemoryMax = 40'000'000;
#endif

// Of this process, which is client and server: what it uses now, in bytes.
size_t MemorySize() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4'096;
}

// A stream that repeats itself after a prime number of bytes, so that no piece of it fits
// elsewhere.
constexpr size_t kPeriod = 65'537;

// `size` bytes of it from place `at` on. REQUIRES: size <= kPeriod.
std::string_view Stream(size_t at, size_t size) {
  static const std::string twice = [] {
    std::string bytes;
    for (uint64_t i = 0; i < 2 * kPeriod; ++i) {
      bytes.push_back(static_cast<char>((i % kPeriod * 2'654'435'761) >> 20));
    }
    return bytes;
  }();
  return std::string_view(twice).substr(at % kPeriod, size);
}

class FlowTest : public ShellTest {
 protected:
  FlowTest() { Serve(); }
};

rpc::Task<> SendMuch(rpc::StreamCall<Output, Input>* call, const Command& command) {
  Input message = Begin(command);
  bool wanted = co_await call->Write(message);
  for (size_t at = 0; wanted && at < kSize; at += message.input().size()) {
    message.set_input(std::string(Stream(at, std::min<size_t>(50'000, kSize - at))));
    wanted = co_await call->Write(message);
  }
  call->Close();
  co_return wanted ? absl::OkStatus() : call->status();
}

// How many bytes came as they were sent, and how much memory was used meanwhile.
struct Received {
  size_t size = 0;
  bool same = true;
  size_t memory_max = 0;
  int code = -1;
};

rpc::Task<Received> ReceiveMuch(rpc::StreamCall<Output, Input>* call) {
  Received received;
  while (const Output* output = co_await call->Read()) {
    received.same &= output->out() == Stream(received.size, output->out().size());
    received.size += output->out().size();
    received.memory_max = std::max(received.memory_max, MemorySize());
    if (output->has_exit()) received.code = static_cast<int>(output->exit().code());
  }
  co_return received;
}

TEST_F(FlowTest, MuchGoesThroughACommandWholeAndInBoundedMemory) {
  const size_t memory_before = MemorySize();
  const Received received = rpc::Run([&]() -> rpc::Task<Received> {
    const rpc::Metadata token = Token();
    auto call = Client().Run({.metadata = &token});
    auto both = co_await rpc::WhenAll(SendMuch(&call, Named("cat")), ReceiveMuch(&call));
    co_return std::get<1>(both);
  });
  EXPECT_EQ(received.size, kSize);
  EXPECT_TRUE(received.same);
  EXPECT_EQ(received.code, 0);
  EXPECT_LT(received.memory_max, memory_before + kMemoryMax);
}

TEST_F(FlowTest, ACommandThatNobodyReadsFromStandsStill) {
  const rpc::Metadata token = Token();
  auto call = Client().Run({.metadata = &token});
  ASSERT_TRUE(call.Write(Begin(Script("head -c 60000000 /dev/zero; echo end >&2"))).Wait());
  const size_t memory_before = MemorySize();
  // Others have their turn meanwhile, so that it had time to fill all that it can.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Run(Script("head -c 20000000 /dev/zero | tail -c 9")).code(), 0);
  }
  EXPECT_LT(MemorySize(), memory_before + kMemoryMax);
  size_t size = 0;
  std::string err;
  while (const Output* output = call.Read().Wait()) {
    size += output->out().size();
    err += output->err();
  }
  EXPECT_EQ(size, 60'000'000u);
  EXPECT_EQ(err, "end\n");
}

}  // namespace
}  // namespace shell
