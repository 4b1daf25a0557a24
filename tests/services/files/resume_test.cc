// Transfers over connections that break: they go on where they stopped, and nothing half-written is
// ever seen under the final name.
#include <fcntl.h>
#include <sys/file.h>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/files/names.h"
#include "services/files/root.h"
#include "services/files/stale_parts.h"
#include "tests/services/files/files_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/proxy.h"

namespace files {
namespace {

using rpc::Eventually;
using rpc::Proxy;

constexpr uint64_t kMiB = 1 << 20;

class ResumeTest : public FilesTest, public testing::WithParamInterface<Over> {
 protected:
  ResumeTest() : FilesTest(GetParam()), proxy_(server_->address()) { Connect(proxy_.address()); }

  Proxy proxy_;
};

INSTANTIATE_TEST_SUITE_P(Ways, ResumeTest, testing::Values(Over::kTcp, Over::kTls),
                         [](const auto& info) { return OverName(info.param); });

TEST_P(ResumeTest, AnUploadThatIsCut20TimesArrivesAndDoesNotBeginAgain) {
  const std::string bytes = SomeBytes(20 * kMiB);
  WriteFile(Here("big"), bytes);
  proxy_.CutAfter(Proxy::kToServer, kMiB);
  ASSERT_EQ(Put("big", "big"), absl::OkStatus());
  EXPECT_GT(transfer_.attempts, 20);
  EXPECT_LT(proxy_.bytes(Proxy::kToServer), 2 * bytes.size());
  EXPECT_EQ(transfer_.md5, Md5Of(bytes));
  EXPECT_TRUE(ReadFile(There("big")) == bytes);
  EXPECT_EQ(NamesIn(there_.path()), std::vector<std::string>{"big"});
}

TEST_P(ResumeTest, ADownloadThatIsCut20TimesArrivesAndDoesNotBeginAgain) {
  const std::string bytes = SomeBytes(20 * kMiB);
  WriteFile(There("big"), bytes);
  proxy_.CutAfter(Proxy::kToClient, kMiB);
  ASSERT_EQ(Get("big", "big"), absl::OkStatus());
  EXPECT_GT(transfer_.attempts, 20);
  EXPECT_LT(proxy_.bytes(Proxy::kToClient), 2 * bytes.size());
  EXPECT_EQ(transfer_.md5, Md5Of(bytes));
  EXPECT_TRUE(ReadFile(Here("big")) == bytes);
  EXPECT_EQ(NamesIn(here_.path()), std::vector<std::string>{"big"});
}

class CutTest : public FilesTest {
 protected:
  CutTest() : proxy_(server_->address()) { Connect(proxy_.address()); }

  // Begins an upload of `bytes` and leaves it when all but the MD5 was sent and is kept.
  void LeaveUpload(const std::string& name, std::string_view bytes, uint64_t size) {
    auto call = files().Upload();
    ASSERT_TRUE(call.Write(Begin(name, size)).Wait());
    ASSERT_NE(call.Read().Wait(), nullptr);
    UploadMessage message;
    message.set_data(std::string(bytes));
    ASSERT_TRUE(call.Write(message).Wait());
    const std::string part = There(PartName(name, size, 1));
    ASSERT_TRUE(Eventually([&] { return std::filesystem::file_size(part) == bytes.size(); }));
  }

  // What the server says an upload goes on at.
  std::optional<uint64_t> OffsetOf(const UploadMessage& begin) {
    auto call = files().Upload();
    if (!call.Write(begin).Wait()) return std::nullopt;
    const UploadReply* const reply = call.Read().Wait();
    return reply == nullptr ? std::nullopt : std::optional(reply->offset());
  }

  Proxy proxy_;
};

TEST_F(CutTest, WhatWasLeftOfAnUploadIsNotSeenUnderItsName) {
  LeaveUpload("a", "12345", 10);
  EXPECT_FALSE(Exists(There("a")));
  EXPECT_EQ(PartsIn(there_.path()).size(), 1u);
  EXPECT_EQ(List("").size(), 0u);
  EXPECT_EQ(Stat("a").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CutTest, TheNextAttemptIsToldWhereTheLastOneStopped) {
  LeaveUpload("a", "12345", 10);
  EXPECT_EQ(OffsetOf(Begin("a", 10)), 5u);
  EXPECT_EQ(UploadAll(Begin("a", 10), "67890", Md5Of("1234567890")), absl::OkStatus());
  EXPECT_EQ(ReadFile(There("a")), "1234567890");
}

TEST_F(CutTest, AnotherFileOfThatNameBeginsAtItsBeginning) {
  LeaveUpload("a", "12345", 10);
  EXPECT_EQ(OffsetOf(Begin("a", 11)), 0u);
  EXPECT_EQ(OffsetOf(Begin("a", 10, 2)), 0u);
  UploadMessage anew = Begin("a", 10);
  anew.mutable_begin()->set_anew(true);
  EXPECT_EQ(OffsetOf(anew), 0u);
}

TEST_F(CutTest, NothingStaysOfAnUploadThatSentNothing) {
  EXPECT_EQ(OffsetOf(Begin("a", 10)), 0u);
  EXPECT_TRUE(Eventually([&] { return PartsIn(there_.path()).empty(); }));
}

TEST_F(CutTest, TheWrongMd5IsRefusedAndNothingIsKept) {
  const absl::Status end = UploadAll(Begin("a", 5), "12345", Md5Of("12346"));
  EXPECT_EQ(end.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(NamesIn(there_.path()).empty());
}

TEST_F(CutTest, AnUploadWithoutAllItsBytesIsRefused) {
  const absl::Status end = UploadAll(Begin("a", 5), "1234", Md5Of("1234"));
  EXPECT_EQ(end.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(end.message(), "\"a\" ended after 4 of 5 bytes");
  EXPECT_FALSE(Exists(There("a")));
}

TEST_F(CutTest, AnUploadOfMoreThanItSaidIsRefused) {
  const absl::Status end = UploadAll(Begin("a", 5), "123456", Md5Of("123456"));
  EXPECT_EQ(end.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(end.message(), "\"a\" was to have 5 bytes, and more have come");
  EXPECT_FALSE(Exists(There("a")));
}

TEST_F(CutTest, AnUploadWithoutAnMd5OrWithoutANameIsRefused) {
  EXPECT_EQ(UploadAll(Begin("a", 5), "12345", "").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(UploadAll(UploadMessage(), "12345", "").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Exists(There("a")));
}

TEST_F(CutTest, ANewerAttemptTakesOverFromAnOlderOne) {
  auto older = files().Upload();
  ASSERT_TRUE(older.Write(Begin("a", 6)).Wait());
  ASSERT_NE(older.Read().Wait(), nullptr);
  EXPECT_EQ(UploadAll(Begin("a", 6), "newest", Md5Of("newest")), absl::OkStatus());
  UploadMessage message;
  message.set_data("oldest");
  (void)older.Write(message).Wait();
  EXPECT_EQ(older.Read().Wait(), nullptr);
  EXPECT_EQ(older.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(older.status().message(), "a newer attempt at \"a\" goes on with it");
  EXPECT_EQ(ReadFile(There("a")), "newest");
}

TEST_F(CutTest, AnUploadGoesOnWhileTheServerStillWaitsForTheLostConnection) {
  const std::string bytes = SomeBytes(kMiB);
  WriteFile(Here("a"), bytes);
  SetMtime(Here("a"), 1);
  UploadMessage begin = Begin("a", kMiB, 1'000'000'000);
  auto lost = files().Upload();
  ASSERT_TRUE(lost.Write(begin).Wait());
  ASSERT_NE(lost.Read().Wait(), nullptr);
  proxy_.StopForwarding();  // nobody tells the server
  Connect(server_->address());
  EXPECT_EQ(Put("a", "a"), absl::OkStatus());
  EXPECT_TRUE(ReadFile(There("a")) == bytes);
}

TEST_F(CutTest, AFileThatGotInPlaceJustBeforeTheCutIsNotSentAgain) {
  const std::string bytes = SomeBytes(kMiB);
  WriteFile(Here("a"), bytes);
  ASSERT_EQ(Put("a", "a"), absl::OkStatus());
  proxy_.Close();
  ASSERT_EQ(Put("a", "a"), absl::OkStatus());
  EXPECT_EQ(transfer_.offset, kMiB);
}

TEST_F(CutTest, AServerThatWasNeverThereIsNotWaitedFor) {
  WriteFile(Here("a"), "1");
  const std::string address = server_->address();
  Connect(address);
  server_->Stop();
  const absl::Status put = Put("a", "a");
  EXPECT_EQ(put.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(put.message().find(address.substr(6)), put.message().npos) << put;
  EXPECT_EQ(transfer_.attempts, 1);
}

TEST_F(CutTest, AServerThatComesBackIsWaitedFor) {
  const std::string bytes = SomeBytes(8 * kMiB);
  WriteFile(Here("a"), bytes);
  proxy_.CutAfter(Proxy::kToServer, 4 * kMiB);
  std::thread repair([&] {
    Eventually([&] { return proxy_.bytes(Proxy::kToServer) >= 4 * kMiB; });
    proxy_.CutAfter(Proxy::kToServer, 0);
    Eventually([&] { return proxy_.connections() == 0; });
    proxy_.Forward();
  });
  EXPECT_EQ(Put("a", "a"), absl::OkStatus());
  repair.join();
  EXPECT_GT(transfer_.attempts, 1);
  EXPECT_TRUE(ReadFile(There("a")) == bytes);
}

TEST_F(CutTest, ATransferGivesUpWhenNothingComesThrough) {
  WriteFile(Here("a"), SomeBytes(kMiB));
  WriteFile(Here("b"), "b");
  ASSERT_EQ(Put("b", "b"), absl::OkStatus());
  proxy_.CutAfter(Proxy::kToServer, 1'000);
  EXPECT_EQ(Put("a", "a").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(transfer_.attempts, RetryOptions().attempts_max);
  proxy_.Forward();
  EXPECT_FALSE(Exists(There("a")));
}

TEST_F(CutTest, WhatIsLeftOfADownloadIsNotSeenUnderItsName) {
  const std::string bytes = SomeBytes(4 * kMiB);
  WriteFile(There("a"), bytes);
  FileClientOptions options = QuickOptions();
  options.retry.attempts_max = 1;
  Connect(proxy_.address(), options);
  proxy_.CutAfter(Proxy::kToClient, 2 * kMiB);
  EXPECT_EQ(Get("a", "a").code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(Exists(Here("a")));
  EXPECT_EQ(PartsIn(here_.path()).size(), 1u);
  proxy_.Forward();
  EXPECT_EQ(Get("a", "a"), absl::OkStatus());
  EXPECT_GT(transfer_.offset, 0u);
  EXPECT_EQ(NamesIn(here_.path()), std::vector<std::string>{"a"});
}

TEST_F(CutTest, ADownloadBeginsAnewWhenTheFileHasChangedMeanwhile) {
  WriteFile(There("a"), SomeBytes(4 * kMiB, 1));
  proxy_.CutAfter(Proxy::kToClient, 2 * kMiB);
  FileClientOptions options = QuickOptions();
  options.retry.attempts_max = 1;
  Connect(proxy_.address(), options);
  EXPECT_EQ(Get("a", "a").code(), absl::StatusCode::kUnavailable);
  proxy_.Forward();
  WriteFile(There("a"), SomeBytes(3 * kMiB, 2));
  EXPECT_EQ(Get("a", "a"), absl::OkStatus());
  EXPECT_EQ(transfer_.offset, 0u);
  EXPECT_TRUE(ReadFile(Here("a")) == SomeBytes(3 * kMiB, 2));
}

TEST_F(CutTest, APartWithWrongBytesIsFoundOutAndTheFileIsSentAnew) {
  const std::string bytes = SomeBytes(kMiB);
  WriteFile(Here("a"), bytes);
  SetMtime(Here("a"), 1);
  WriteFile(There(PartName("a", kMiB, 1'000'000'000)), "these are other bytes");
  EXPECT_EQ(Put("a", "a"), absl::OkStatus());
  EXPECT_EQ(transfer_.attempts, 2);
  EXPECT_TRUE(ReadFile(There("a")) == bytes);
}

TEST_F(CutTest, APartWithWrongBytesIsFoundOutAndTheFileIsFetchedAnew) {
  const std::string bytes = SomeBytes(kMiB);
  WriteFile(There("a"), bytes);
  SetMtime(There("a"), 1);
  WriteFile(Here(PartName("a", kMiB, 1'000'000'000)), "these are other bytes");
  EXPECT_EQ(Get("a", "a"), absl::OkStatus());
  EXPECT_EQ(transfer_.attempts, 2);
  EXPECT_TRUE(ReadFile(Here("a")) == bytes);
}

TEST_F(CutTest, APartThatIsTooLongBeginsAnew) {
  WriteFile(There(PartName("a", 3, 1)), "12345");
  EXPECT_EQ(UploadAll(Begin("a", 3), "123", Md5Of("123")), absl::OkStatus());
  EXPECT_EQ(ReadFile(There("a")), "123");
}

TEST_F(CutTest, APartThatAnotherProcessWritesIsLeftAlone) {
  const std::string part = There(PartName("a", 10, 1));
  WriteFile(part, "12345");
  const rpc::Descriptor other(open(part.c_str(), O_RDWR));
  ASSERT_EQ(flock(other.get(), LOCK_EX), 0);
  const absl::Status end = UploadAll(Begin("a", 10), "67890", Md5Of("1234567890"));
  EXPECT_EQ(end.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(end.message(), "\"a\" is being written by another process");
  EXPECT_EQ(ReadFile(part), "12345");
}

TEST_F(CutTest, TwoVersionsOfAFileDoNotMix) {
  auto first = files().Upload();
  ASSERT_TRUE(first.Write(Begin("a", 5, 1)).Wait());
  ASSERT_NE(first.Read().Wait(), nullptr);
  EXPECT_EQ(UploadAll(Begin("a", 6, 2), "second", Md5Of("second")), absl::OkStatus());
  EXPECT_EQ(ReadFile(There("a")), "second");
  UploadMessage message;
  message.set_data("first");
  ASSERT_TRUE(first.Write(message).Wait());
  message.Clear();
  message.set_md5(Md5Of("first"));
  ASSERT_TRUE(first.Write(message).Wait());
  EXPECT_NE(first.Read().Wait(), nullptr);
  EXPECT_EQ(ReadFile(There("a")), "first");
}

TEST_F(CutTest, PartsThatAreOldAreRemoved) {
  options_.part_age_max = absl::ZeroDuration();
  server_ = std::make_unique<FilesServer>(options_);
  Connect("");
  const std::string part = There(PartName("old", 10, 1));
  WriteFile(part, "12345");
  EXPECT_EQ(UploadAll(Begin("a", 1), "1", Md5Of("1")), absl::OkStatus());
  EXPECT_FALSE(Exists(part));
}

// A part gets the time of its file before its name.
TEST_F(CutTest, APartThatHasChangedLatelyIsNotOldWhateverTimeItHas) {
  const std::string part = There(PartName("new", 10, 1));
  WriteFile(part, "12345");
  SetMtime(part, 1'000'000'000);
  EXPECT_EQ(UploadAll(Begin("a", 1), "1", Md5Of("1")), absl::OkStatus());
  EXPECT_TRUE(Exists(part));
}

TEST_F(CutTest, FoldersInTurnAreNotLookedAtEachTime) {
  StaleParts stale_parts(absl::ZeroDuration());
  std::vector<Root> folders;
  for (const char* name : {"one", "two"}) {
    std::filesystem::create_directory(There(name));
    folders.push_back(*Root::Open(There(name)));
    stale_parts.Sweep(folders.back().OpenFolder("")->get());
    WriteFile(There(name) + "/" + PartName("a", 1, 1), "");
  }
  for (const Root& folder : folders) stale_parts.Sweep(folder.OpenFolder("")->get());
  EXPECT_EQ(PartsIn(There("one")).size(), 1u);
  EXPECT_EQ(PartsIn(There("two")).size(), 1u);
}

}  // namespace
}  // namespace files
