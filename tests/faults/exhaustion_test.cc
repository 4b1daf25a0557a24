// A server that runs out of descriptors, memory or disk: what its clients are told, and that it
// goes on when there is room again.
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/files/file_client.h"
#include "tests/faults/content.h"
#include "tests/faults/load.h"
#include "tests/faults/server_process.h"
#include "tests/support/certificates.h"
#include "tests/support/child_process.h"
#include "tests/support/eventually.h"

namespace ledger {
namespace {

// Not under asan, whose checks of a class open a pipe, and take it for an error that they can't.
#if !defined(__SANITIZE_ADDRESS__)
// A server remembers calls over UDP for a while, so many at most: that is a limit, too.
Circumstances WithoutDescriptors(Way way) {
  return {.troubled = true, .limited = way == Way::kUdp};
}

TEST(Exhausted, WithoutDescriptorsCallsEndInTimeAndConnectionsComeInLater) {
  ServerProcess server;
  rpc::ChildProcess& process = server.process();
  const uint64_t before = rpc::FiguresOf(process.pid()).descriptors;
  process.Limit(RLIMIT_NOFILE, before + 5);
  Load load(AddressesOf(server), {.callers = 10,
                                  .timeout = absl::Seconds(1),
                                  .reasons = WithoutDescriptors,
                                  .new_channel = LonelyChannel,
                                  .calls_per_channel = 20});
  absl::SleepFor(absl::Seconds(2));
  // There were too few. (Connections come and go.)
  EXPECT_TRUE(
      rpc::Eventually([&] { return rpc::FiguresOf(process.pid()).descriptors == before + 5; }));
  process.Unlimit(RLIMIT_NOFILE);
  EXPECT_TRUE(load.Succeeds(20));
  load.Stop();
  ExpectAccountedFor(load);
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
}
#endif

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
uint64_t AddressSpaceOf(pid_t pid) {
  std::ifstream figures(absl::StrCat("/proc/", pid, "/statm"));
  uint64_t pages = 0;
  figures >> pages;
  return pages * 4096;
}

Circumstances WithoutMemory(Way way) {
  return {.limited = way == Way::kUdp, .restarted = true, .starved = true};
}

// Of 8 MB each: more than there is room for.
std::vector<absl::Status> CallWithMuch(const ServerProcess& server) {
  const Ledger::Client ledger(LonelyChannel(Way::kTcp, server.address(Way::kTcp)));
  std::vector<rpc::Call<Receipt>> calls;
  for (uint64_t id = 1; id <= 8; ++id) {
    calls.push_back(ledger.Once(MakeItem(id, 0, 8 << 20), {.timeout = absl::Seconds(5)}));
  }
  std::vector<absl::Status> statuses;
  for (auto& call : calls) statuses.push_back(std::move(call).Wait().status());
  return statuses;
}

// Without memory the program ends, as any whose `new` finds none, or in a handler its call: nobody
// waits for ever. (A sanitizer's allocator ends the program in its own way.)
TEST(Exhausted, WithoutMemoryCallsEndInTime) {
  ServerProcess server;
  rpc::ChildProcess& process = server.process();
  Load load(AddressesOf(server), {.callers = 40, .reasons = WithoutMemory});
  EXPECT_TRUE(load.Succeeds(5));
  process.Limit(RLIMIT_AS, AddressSpaceOf(process.pid()) + (256 << 10));
  const std::vector<absl::Status> large = CallWithMuch(server);
  const auto failed = [](const absl::Status& status) { return !status.ok(); };
  EXPECT_TRUE(std::any_of(large.begin(), large.end(), failed)) << "there was memory enough";
  const std::optional<int> exit = process.Wait(absl::Seconds(1));
  if (exit.has_value()) {
    EXPECT_EQ(*exit, -SIGABRT);
    server.Restart();
  } else {
    process.Unlimit(RLIMIT_AS);
  }
  EXPECT_TRUE(load.Succeeds(5));
  load.Stop();
  ExpectAccountedFor(load);
}
#endif

constexpr size_t kFileSize = 8 << 20;
constexpr uint64_t kRoom = 1 << 20;

// A server of files, and a file that is larger than the room that it has.
class FullDisk : public testing::Test {
 protected:
  FullDisk() {
    std::ofstream(source_) << std::string(kFileSize, 'x');
    std::filesystem::create_directory(served_);
  }

  absl::Status Upload(const ServerProcess& server) {
    const rpc::Channel channel = LonelyChannel(Way::kTcp, server.address(Way::kTcp));
    files::Transfer transfer;
    return rpc::Run([&]() -> rpc::Task<> {
      files::FileClient client(channel);
      co_return co_await client.Upload(source_, "big", &transfer);
    });
  }
  bool Serves(const ServerProcess& server) {
    const Ledger::Client ledger(LonelyChannel(Way::kTcp, server.address(Way::kTcp)));
    return ledger.Observe(ObserveRequest()).Wait().ok();
  }
  // What the server sees in its folder under a name that is no part's.
  std::vector<std::string> FilesOf(rpc::ChildProcess& process) const {
    std::vector<std::string> names;
    const std::string folder = absl::StrCat("/proc/", process.pid(), "/root", served_);
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      const std::string name = file.path().filename();
      if (!absl::EndsWith(name, ".part")) names.push_back(name);
    }
    return names;
  }

  rpc::TemporaryFolder folder_;
  const std::string source_ = folder_.PathOf("big");
  const std::string served_ = folder_.PathOf("served");
};

TEST_F(FullDisk, AFileThatMayNotGrowIsToldAndNotThereAndComesWhenItMay) {
  ServerProcess server({"--files=" + served_});
  server.process().Limit(RLIMIT_FSIZE, kRoom);
  const absl::Status status = Upload(server);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_TRUE(FilesOf(server.process()).empty());
  EXPECT_TRUE(Serves(server));
  server.process().Unlimit(RLIMIT_FSIZE);
  const absl::Status later = Upload(server);
  EXPECT_TRUE(later.ok()) << later;
  EXPECT_EQ(std::filesystem::file_size(served_ + "/big"), kFileSize);
}

TEST_F(FullDisk, ATinyDiskIsToldAndTheFileNotThere) {
  if (std::system("unshare -r -m mount -t tmpfs tmpfs /mnt 2>/dev/null") != 0) {
    GTEST_SKIP() << "no file system can be mounted here";
  }
  const std::string mount =
      absl::StrCat("mount -t tmpfs -o size=", kRoom, " tmpfs ", served_, " && exec \"$0\" \"$@\"");
  ServerProcess server({"--files=" + served_}, {"/usr/bin/unshare", "-r", "-m", "sh", "-c", mount});
  const absl::Status status = Upload(server);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_TRUE(FilesOf(server.process()).empty());
  EXPECT_TRUE(Serves(server));
}

TEST_F(FullDisk, ARecordingThatFindsNoRoomEndsWithAReason) {
  ServerProcess server;
  const std::string full = "--store=/dev/full";
  rpc::ChildProcess dump("/bin/sh",
                         {"-c", "exec \"$0\" \"$@\" 2>&1", "services/cli/rpc", "dump",
                          "--listen=127.0.0.1:0", "--to=" + server.address(Way::kTcp), full});
  std::string said;
  while (std::optional<std::string> line = dump.ReadLine(absl::Seconds(10))) said += *line + "\n";
  EXPECT_NE(said.find("No space left on device"), std::string::npos) << said;
  const std::optional<int> exit = dump.Wait();
  ASSERT_TRUE(exit.has_value());
  EXPECT_GT(*exit, 0);
}

TEST_F(FullDisk, ARecordingThatGrowsTooLargeEndsWithAReasonAndCallsGoOnOrEndInTime) {
  ServerProcess server;
  const std::string path = folder_.PathOf("calls.rec");
  rpc::ChildProcess dump(
      "services/cli/rpc",
      {"dump", "--listen=127.0.0.1:0", "--to=" + server.address(Way::kTcp), "--store=" + path});
  const std::string line = dump.ReadLine().value_or("");
  const size_t begin = line.find("tcp://");
  ASSERT_NE(begin, std::string::npos) << line;
  dump.Limit(RLIMIT_FSIZE, 64 << 10);
  Load load({{Way::kTcp, line.substr(begin, line.find(',') - begin)}}, {.why = {.troubled = true}});
  std::optional<std::string> said;
  while ((said = dump.ReadLine(absl::Seconds(10))).has_value()) continue;
  load.Stop();
  ExpectAccountedFor(load);
  dump.Signal(SIGTERM);
  const std::optional<int> exit = dump.Wait();
  ASSERT_TRUE(exit.has_value());
  EXPECT_GT(*exit, 0) << "no exit code that tells of it, or a signal killed it";
  EXPECT_LE(std::filesystem::file_size(path), 64u << 10);
}

}  // namespace
}  // namespace ledger
