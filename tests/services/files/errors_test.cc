// What the system refuses: each is a status with the right code, and a sentence.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "services/files/movement.h"
#include "tests/services/files/files_fixture.h"
#include "tests/support/descriptor_limit.h"
#include "tests/support/eventually.h"
#include "tests/support/proxy.h"

namespace files {
namespace {

using absl::StatusCode;

// What lets root read and write everything. To be called before there are other threads.
bool GiveUpCapabilities() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  const uint32_t override = (1u << CAP_DAC_OVERRIDE) | (1u << CAP_DAC_READ_SEARCH);
  data[0].effective &= ~override;
  return syscall(SYS_capset, &header, data) == 0;
}

const bool kGaveUp = GiveUpCapabilities();

class ErrorsTest : public FilesTest {
 protected:
  void SetUp() override { ASSERT_TRUE(kGaveUp); }
  // So that the folder can be removed.
  void TearDown() override { chmod(There("locked").c_str(), 0755); }

  void ExpectEmpty(const std::string& folder) { EXPECT_TRUE(NamesIn(folder).empty()); }
};

TEST_F(ErrorsTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(Get("a/b", "a").message(), "cannot open \"a/b\": no such file or directory");
  EXPECT_EQ(Get("a", "a").code(), StatusCode::kNotFound);
  EXPECT_EQ(Put("nothing", "a").code(), StatusCode::kNotFound);
  ExpectEmpty(there_.path());
  ExpectEmpty(here_.path());
}

TEST_F(ErrorsTest, AFileThatMayNotBeReadIsDenied) {
  WriteFile(There("a"), "1");
  ASSERT_EQ(chmod(There("a").c_str(), 0), 0);
  const absl::Status got = Get("a", "a");
  EXPECT_EQ(got.code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(got.message(), "cannot open \"a\": permission denied");
  ExpectEmpty(here_.path());
}

TEST_F(ErrorsTest, AFolderThatMayNotBeWrittenIsDenied) {
  std::filesystem::create_directory(There("locked"));
  ASSERT_EQ(chmod(There("locked").c_str(), 0555), 0);
  WriteFile(Here("a"), "1");
  EXPECT_EQ(Put("a", "locked/a").message(), "cannot write \"locked/a\": permission denied");
  EXPECT_EQ(Put("a", "locked/b/a").code(), StatusCode::kPermissionDenied);
  ExpectEmpty(There("locked"));
}

TEST_F(ErrorsTest, AFolderThatMayNotBeReadIsToldAfterTheOthers) {
  WriteFile(There("a/file"), "1");
  WriteFile(There("locked/file"), "1");
  WriteFile(There("z/file"), "1");
  ASSERT_EQ(chmod(There("locked").c_str(), 0), 0);
  ListRequest request;
  request.set_recursive(true);
  auto call = files().List(request);
  int entries = 0;
  while (call.Read().Wait() != nullptr) ++entries;
  EXPECT_EQ(entries, 5);
  EXPECT_EQ(call.status().code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(call.status().message(), "cannot open \"locked\": permission denied");
}

TEST_F(ErrorsTest, AFileThatIsTooLargeForTheServerIsRefusedBeforeItIsSent) {
  options_.file_size_max = 1'000;
  server_ = std::make_unique<FilesServer>(options_);
  Connect("");
  WriteFile(Here("a"), std::string(1'001, 'a'));
  const absl::Status put = Put("a", "a");
  EXPECT_EQ(put.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(put.message(), "\"a\" has 1001 bytes; this server takes files of at most 1000");
}

TEST_F(ErrorsTest, AFileThatIsTooLargeForTheDiskIsRefusedBeforeItIsSent) {
  ASSERT_EQ(close(open(Here("huge").c_str(), O_CREAT | O_WRONLY, 0644)), 0);
  const uint64_t room = std::filesystem::space(there_.path()).available;
  std::filesystem::resize_file(Here("huge"), room + (uint64_t{1} << 34));
  const absl::Status put = Put("huge", "huge");
  EXPECT_EQ(put.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(put.message().find("no room for \"huge\""), put.message().npos) << put;
  EXPECT_EQ(transfer_.moved, 0u);
  ExpectEmpty(there_.path());
}

// Files of this process may not grow beyond this, from here to its end.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_ = {};
};

TEST_F(ErrorsTest, WhatDoesNotFitIsToldAndNothingIsKept) {
  WriteFile(Here("a"), SomeBytes(4 << 20));
  const FileSizeLimit limit(1 << 20);
  const absl::Status put = Put("a", "a");
  EXPECT_EQ(put.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(put.message(), "cannot write \"a\": file too large");
  ExpectEmpty(there_.path());
}

// A file system of 2 MiB, where mounting is allowed.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    std::filesystem::create_directory(path);
    mounted_ = mount("none", path.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }

  bool mounted() const { return mounted_; }

 private:
  const std::string path_;
  bool mounted_ = false;
};

TEST_F(ErrorsTest, AFullDiskIsToldAndNothingIsKept) {
  const SmallDisk disk(There("disk"));
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small file system is not allowed here";
  WriteFile(Here("a"), SomeBytes(1'500'000));
  auto call = files().Upload();
  ASSERT_TRUE(call.Write(Begin("disk/a", 1'500'000)).Wait());
  ASSERT_NE(call.Read().Wait(), nullptr);
  WriteFile(There("disk/other"), SomeBytes(1'500'000));  // there was room until now
  UploadMessage message;
  message.set_data(SomeBytes(1'500'000));
  (void)call.Write(message).Wait();
  EXPECT_EQ(call.Read().Wait(), nullptr);
  EXPECT_EQ(call.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(call.status().message(), "cannot write \"disk/a\": no space left on device");
  EXPECT_EQ(NamesIn(There("disk")), std::vector<std::string>{"other"});
}

TEST_F(ErrorsTest, TooManyOpenFilesAreTold) {
  WriteFile(There("a"), "1");
  ASSERT_TRUE(Stat("a").ok());
  const rpc::DescriptorLimit none;
  const absl::StatusOr<Entry> stat = Stat("a");
  EXPECT_EQ(stat.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(stat.status().message(), "cannot open \"a\": too many open files");
}

// Transfers of a client that does nothing.
class IdleTest : public FilesTest {
 protected:
  static constexpr const char* kSentence = "the transfer has not moved a byte for 300ms";

  IdleTest() {
    options_.idle_timeout = absl::Milliseconds(300);
    server_ = std::make_unique<FilesServer>(options_);
    Connect("");
  }

  void ExpectIdle(const absl::Status& end) {
    EXPECT_EQ(end.code(), StatusCode::kUnavailable);
    EXPECT_EQ(end.message(), kSentence);
  }
};

TEST_F(IdleTest, AnUploadThatDoesNotBeginEnds) {
  auto call = files().Upload();
  EXPECT_EQ(call.Read().Wait(), nullptr);
  ExpectIdle(call.status());
}

TEST_F(IdleTest, AnUploadThatStandsStillEndsAndKeepsWhatCame) {
  auto call = files().Upload();
  ASSERT_TRUE(call.Write(Begin("a", 10)).Wait());
  ASSERT_NE(call.Read().Wait(), nullptr);
  UploadMessage message;
  message.set_data("12345");
  ASSERT_TRUE(call.Write(message).Wait());
  EXPECT_EQ(call.Read().Wait(), nullptr);
  ExpectIdle(call.status());
  EXPECT_EQ(UploadAll(Begin("a", 10), "67890", Md5Of("1234567890")), absl::OkStatus());
}

TEST_F(IdleTest, EmptyMessagesAreNoMovement) {
  auto call = files().Upload();
  ASSERT_TRUE(call.Write(Begin("a", 10)).Wait());
  ASSERT_NE(call.Read().Wait(), nullptr);
  while (call.Write(UploadMessage()).Wait()) {
  }
  EXPECT_EQ(call.Read().Wait(), nullptr);
  ExpectIdle(call.status());
}

TEST_F(IdleTest, ADownloadThatNobodyReadsEnds) {
  WriteFile(There("a"), SomeBytes(16 << 20));
  DownloadRequest request;
  request.set_name("a");
  auto call = files().Download(request);
  ASSERT_NE(call.Read().Wait(), nullptr);
  ASSERT_TRUE(rpc::Eventually([&] { return server_->server().counters().calls_open == 0; }));
  while (call.Read().Wait() != nullptr) {
  }
  ExpectIdle(call.status());
}

TEST(MovementTest, WorkOfThisSideAndTimeThatIsAllowedAreNotIdle) {
  Movement movement;
  EXPECT_GE(movement.idle(), absl::ZeroDuration());
  movement.Allow(absl::Hours(1));
  EXPECT_LT(movement.idle(), absl::ZeroDuration());
  const Movement::Work work(&movement);
  EXPECT_EQ(movement.idle(), absl::ZeroDuration());
}

TEST_F(ErrorsTest, TheMd5OfAFileIsNotToldOverDatagrams) {
  WriteFile(There("a"), "12345");
  server_ = std::make_unique<FilesServer>(options_, Over::kUdp);
  Connect("");
  EXPECT_EQ(Stat("a")->size(), 5u);
  EXPECT_EQ(Stat("a", true).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Stat("a", true).status().message().find("udp://") != std::string::npos);
}

// Files that change while they are read, by hand: the download stands still for want of credit.
class ChangesTest : public FilesTest {
 protected:
  static constexpr size_t kSize = 16 << 20;

  ChangesTest() { WriteFile(There("a"), SomeBytes(kSize)); }

  // How a download ends when `change` happens after its first message.
  template <typename F>
  absl::Status DownloadWhile(F change, size_t* size) {
    DownloadRequest request;
    request.set_name("a");
    auto call = files().Download(request);
    EXPECT_NE(call.Read().Wait(), nullptr);
    change();
    *size = 0;
    while (const DownloadMessage* message = call.Read().Wait()) *size += message->data().size();
    return call.status();
  }

  size_t size_ = 0;
};

TEST_F(ChangesTest, AFileThatShrinksIsAborted) {
  auto shrink = [&] { std::filesystem::resize_file(There("a"), 5); };
  const absl::Status end = DownloadWhile(shrink, &size_);
  EXPECT_EQ(end.code(), StatusCode::kAborted);
  EXPECT_EQ(end.message(), "\"a\" has changed while it was read");
}

TEST_F(ChangesTest, AFileThatGrowsIsAborted) {
  auto grow = [&] { std::ofstream(There("a"), std::ios::app) << "more"; };
  EXPECT_EQ(DownloadWhile(grow, &size_).code(), StatusCode::kAborted);
}

TEST_F(ChangesTest, AFileThatVanishesIsReadToItsEnd) {
  auto remove = [&] { std::filesystem::remove(There("a")); };
  EXPECT_EQ(DownloadWhile(remove, &size_), absl::OkStatus());
  EXPECT_EQ(size_, kSize);
}

TEST_F(ChangesTest, AFileThatVanishesBetweenTwoAttemptsIsNotFound) {
  rpc::Proxy proxy(server_->address());
  Connect(proxy.address());
  proxy.CutAfter(rpc::Proxy::kToClient, 1 << 20);
  FileClientOptions options = QuickOptions();
  options.retry.attempts_max = 1;
  Connect(proxy.address(), options);
  EXPECT_EQ(Get("a", "a").code(), StatusCode::kUnavailable);
  std::filesystem::remove(There("a"));
  EXPECT_EQ(Get("a", "a").code(), StatusCode::kNotFound);
}

TEST_F(ChangesTest, ADownloadOfAnotherVersionThanWasSeenIsAborted) {
  DownloadRequest request;
  request.set_name("a");
  request.set_offset(10);
  request.mutable_seen()->set_size(kSize);
  request.mutable_seen()->set_mtime_ns(1);
  auto call = files().Download(request);
  EXPECT_EQ(call.Read().Wait(), nullptr);
  EXPECT_EQ(call.status().code(), StatusCode::kAborted);
}

TEST_F(ChangesTest, ADownloadFromBehindTheEndIsOutOfRange) {
  DownloadRequest request;
  request.set_name("a");
  request.set_offset(kSize + 1);
  auto call = files().Download(request);
  EXPECT_EQ(call.Read().Wait(), nullptr);
  EXPECT_EQ(call.status().code(), StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace files
