// Files that are listed, looked at, uploaded and downloaded when nothing goes wrong.
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tests/services/files/files_fixture.h"

namespace files {
namespace {

using Names = std::vector<std::string>;

class FilesOverTest : public FilesTest, public testing::WithParamInterface<Over> {
 protected:
  FilesOverTest() : FilesTest(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Ways, FilesOverTest, testing::Values(Over::kTcp, Over::kUnix, Over::kTls),
                         [](const auto& info) { return OverName(info.param); });

TEST_P(FilesOverTest, AFileComesBackAsItWas) {
  const std::string bytes = SomeBytes(3'000'001);
  WriteFile(Here("big"), bytes);
  ASSERT_EQ(Put("big", "a/b/big"), absl::OkStatus());
  EXPECT_EQ(transfer_.md5, Md5Of(bytes));
  EXPECT_TRUE(ReadFile(There("a/b/big")) == bytes);
  ASSERT_EQ(Get("a/b/big", "back"), absl::OkStatus());
  EXPECT_EQ(transfer_.md5, Md5Of(bytes));
  EXPECT_TRUE(ReadFile(Here("back")) == bytes);
}

TEST_P(FilesOverTest, ManyFilesAtOnceAllArrive) {
  std::vector<Transfer> transfers(20);
  for (size_t i = 0; i < transfers.size(); ++i) {
    WriteFile(Here("f" + std::to_string(i)), SomeBytes(i * 50'000, i));
  }
  const std::vector<absl::Status> ends = rpc::Run([&] {
    std::vector<rpc::Task<>> tasks;
    for (size_t i = 0; i < transfers.size(); ++i) {
      const std::string name = "f" + std::to_string(i);
      tasks.push_back(client().Upload(Here(name), "to/" + name, &transfers[i]));
    }
    return rpc::WhenAll(std::move(tasks));
  });
  for (const absl::Status& end : ends) EXPECT_EQ(end, absl::OkStatus());
  for (size_t i = 0; i < transfers.size(); ++i) {
    EXPECT_TRUE(ReadFile(There("to/f" + std::to_string(i))) == SomeBytes(i * 50'000, i)) << i;
  }
}

// One after the other, to three folders in turn: `prefix`0 to `prefix`N.
rpc::Task<> UploadInTurn(FileClient* client, std::string from, std::string prefix, int files) {
  for (int i = 0; i < files; ++i) {
    Transfer transfer;
    const std::string name = prefix + std::to_string(i);
    const std::string target = std::to_string(i % 3) + "/" + name;
    const absl::Status put = co_await client->Upload(from + "/" + name, target, &transfer);
    if (!put.ok()) co_return put;
    if (transfer.attempts > 1) co_return transfer.interruption;
  }
  co_return absl::OkStatus();
}

// Old files look old before they have their names, while others begin in the same folders.
TEST_F(FilesTest, OldFilesToSeveralFoldersAtOnceAllArrive) {
  constexpr int kFiles = 30;
  const std::vector<std::string> prefixes = {"a", "b", "c", "d", "e", "f", "g", "h"};
  for (const std::string& prefix : prefixes) {
    for (int i = 0; i < kFiles; ++i) {
      WriteFile(Here(prefix + std::to_string(i)), SomeBytes(50'000, i));
      SetMtime(Here(prefix + std::to_string(i)), 1'000'000'000);
    }
  }
  const std::vector<absl::Status> ends = rpc::Run([&] {
    std::vector<rpc::Task<>> tasks;
    for (const std::string& prefix : prefixes) {
      tasks.push_back(UploadInTurn(&client(), here_.path(), prefix, kFiles));
    }
    return rpc::WhenAll(std::move(tasks));
  });
  for (const absl::Status& end : ends) EXPECT_EQ(end, absl::OkStatus());
}

TEST_F(FilesTest, AnEmptyFileIsAFileToo) {
  WriteFile(Here("empty"), "");
  ASSERT_EQ(Put("empty", "empty"), absl::OkStatus());
  ASSERT_EQ(Get("empty", "back"), absl::OkStatus());
  EXPECT_TRUE(Exists(Here("back")));
  EXPECT_EQ(std::filesystem::file_size(There("empty")), 0u);
}

TEST_F(FilesTest, AFileKeepsItsTimeAndWhoMayExecuteIt) {
  WriteFile(Here("tool"), "#!/bin/sh\n");
  SetMtime(Here("tool"), 1'000'000'000);
  ASSERT_EQ(chmod(Here("tool").c_str(), 0755), 0);
  ASSERT_EQ(Put("tool", "tool"), absl::OkStatus());
  ASSERT_EQ(Get("tool", "back"), absl::OkStatus());
  EXPECT_EQ(MtimeOf(There("tool")), 1'000'000'000'000'000'000);
  EXPECT_EQ(MtimeOf(Here("back")), 1'000'000'000'000'000'000);
  EXPECT_EQ(Stat("tool")->mode() & 0111, 0111u);
}

TEST_F(FilesTest, TimesBefore1970AreKept) {
  WriteFile(Here("old"), "old");
  SetMtime(Here("old"), -12'345);
  ASSERT_EQ(Put("old", "old"), absl::OkStatus());
  EXPECT_EQ(MtimeOf(There("old")), -12'345'000'000'000);
}

TEST_F(FilesTest, NamesAreBytes) {
  const std::string name = "caf\xe9 \x01 \xf0\x9f\x98\x80";
  WriteFile(Here(name), "x");
  ASSERT_EQ(Put(name, name), absl::OkStatus());
  EXPECT_EQ(ListNames(""), Names{name});
  ASSERT_EQ(Get(name, "back"), absl::OkStatus());
}

TEST_F(FilesTest, TheLongestNameThatTheSystemTakesIsTaken) {
  const std::string name(255, 'n');
  WriteFile(Here(name), "x");
  EXPECT_EQ(Put(name, name), absl::OkStatus());
  EXPECT_EQ(Put(name, name + "n").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FilesTest, AFolderIsListed) {
  WriteFile(There("a"), "12345");
  WriteFile(There("sub/b"), "");
  const std::vector<Entry> entries = List("");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name(), "a");
  EXPECT_EQ(entries[0].kind(), FILE);
  EXPECT_EQ(entries[0].size(), 5u);
  EXPECT_EQ(entries[1].kind(), FOLDER);
}

TEST_F(FilesTest, AListMayGoThroughAllFolders) {
  for (const char* name : {"a/b/c/d", "a/b/e", "a/f", "g"}) WriteFile(There(name), "");
  EXPECT_EQ(ListNames("a", true), (Names{"a/b", "a/b/c", "a/b/c/d", "a/b/e", "a/f"}));
  EXPECT_EQ(ListNames("a"), (Names{"a/b", "a/f"}));
}

TEST_F(FilesTest, AFileLinkOrPipeIsListedAsItself) {
  WriteFile(There("a/file"), "1");
  std::filesystem::create_symlink("file", There("a/link"));
  ASSERT_EQ(mkfifo(There("a/pipe").c_str(), 0666), 0);
  EXPECT_EQ(ListNames("a/file"), Names{"a/file"});
  const std::vector<Entry> entries = List("a");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].kind(), FILE);
  EXPECT_EQ(entries[1].kind(), LINK);
  EXPECT_EQ(entries[2].kind(), OTHER);
}

TEST_F(FilesTest, ALargeFolderIsListedWhole) {
  for (int i = 0; i < 2'000; ++i) WriteFile(There("n/" + std::to_string(i)), "");
  EXPECT_EQ(List("n").size(), 2'000u);
}

TEST_F(FilesTest, StatTellsSizeAndMd5) {
  WriteFile(There("a"), "12345");
  EXPECT_EQ(Stat("a")->size(), 5u);
  EXPECT_EQ(Stat("a")->md5(), "");
  EXPECT_EQ(Stat("a", true)->md5(), Md5Of("12345"));
  EXPECT_EQ(Stat("a", true)->name(), "a");
  EXPECT_EQ(Stat("")->kind(), FOLDER);
}

TEST_F(FilesTest, AFileIsReplacedByANewOne) {
  WriteFile(There("a"), "old");
  WriteFile(Here("a"), "new one");
  ASSERT_EQ(Put("a", "a"), absl::OkStatus());
  EXPECT_EQ(ReadFile(There("a")), "new one");
}

TEST_F(FilesTest, AFileIsNotReplacedWhenThatIsNotWanted) {
  FileClientOptions options = QuickOptions();
  options.overwrite = false;
  Connect("", options);
  WriteFile(There("a"), "old");
  WriteFile(Here("a"), "new one");
  const absl::Status put = Put("a", "a");
  EXPECT_EQ(put.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(put.message(), "\"a\" is there already");
  EXPECT_EQ(Get("a", "a").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadFile(There("a")), "old");
  EXPECT_EQ(ReadFile(Here("a")), "new one");
}

TEST_F(FilesTest, AFileThatIsThereAlreadyIsComparedAndNotMoved) {
  WriteFile(Here("a"), SomeBytes(1'000'000));
  ASSERT_EQ(Put("a", "a"), absl::OkStatus());
  ASSERT_EQ(Put("a", "a"), absl::OkStatus());
  EXPECT_EQ(transfer_.moved, 0u);
  EXPECT_EQ(transfer_.md5, Md5Of(SomeBytes(1'000'000)));
  ASSERT_EQ(Get("a", "a"), absl::OkStatus());
  EXPECT_EQ(transfer_.moved, 0u);
}

TEST_F(FilesTest, AFileOfTheSameSizeAndTimeWithOtherBytesIsReplaced) {
  WriteFile(Here("a"), SomeBytes(1'000'000, 1));
  WriteFile(There("a"), SomeBytes(1'000'000, 2));
  SetMtime(Here("a"), 1'000);
  SetMtime(There("a"), 1'000);
  ASSERT_EQ(Put("a", "a"), absl::OkStatus());
  EXPECT_EQ(transfer_.moved, 1'000'000u);
  EXPECT_TRUE(ReadFile(There("a")) == SomeBytes(1'000'000, 1));
}

}  // namespace
}  // namespace files
