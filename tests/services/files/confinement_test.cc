// Nobody gets out of the folder that is served, nor of the folder that a download goes to.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "services/files/names.h"
#include "tests/services/files/files_fixture.h"
#include "tests/support/eventually.h"

namespace files {
namespace {

using absl::StatusCode;

// Every method refuses the name, with the code, and nothing comes into being.
class ConfinementTest : public FilesTest {
 protected:
  ConfinementTest() {
    WriteFile(outside_.PathOf("secret"), "secret");
    WriteFile(Here("mine"), "mine");
  }

  std::string Outside(const std::string& name) const { return outside_.PathOf(name); }

  void ExpectRefused(const std::string& name, StatusCode code) {
    EXPECT_EQ(Stat(name, true).status().code(), code) << name;
    EXPECT_EQ(Get(name, "got").code(), code) << name;
    EXPECT_EQ(Put("mine", name).code(), code) << name;
    EXPECT_FALSE(Exists(Here("got")));
    EXPECT_EQ(NamesIn(outside_.path()), std::vector<std::string>{"secret"});
    EXPECT_EQ(ReadFile(Outside("secret")), "secret");
  }

  // By hand, for the client looks what it is first.
  void ExpectDownloadRefused(const std::string& name) {
    DownloadRequest request;
    request.set_name(name);
    auto call = files().Download(request);
    EXPECT_EQ(call.Read().Wait(), nullptr);
    EXPECT_TRUE(absl::IsPermissionDenied(call.status()) ||
                absl::IsFailedPrecondition(call.status()))
        << call.status();
  }

  StatusCode CodeOfList(const std::string& name) {
    ListRequest request;
    request.set_name(name);
    auto call = files().List(request);
    while (call.Read().Wait() != nullptr) {
    }
    return call.status().code();
  }

  rpc::TemporaryFolder outside_;
};

TEST_F(ConfinementTest, NamesThatLeadOutAreRefused) {
  const std::string up = "../" + std::filesystem::path(outside_.path()).filename().string();
  for (const std::string& name : {std::string(".."), up + "/secret", "a/../" + up + "/secret",
                                  std::string("a/.."), std::string("../..")}) {
    ExpectRefused(name, StatusCode::kInvalidArgument);
    EXPECT_EQ(CodeOfList(name), StatusCode::kInvalidArgument) << name;
  }
}

TEST_F(ConfinementTest, AbsoluteNamesAreRefused) {
  ExpectRefused(Outside("secret"), StatusCode::kInvalidArgument);
  ExpectRefused("/", StatusCode::kInvalidArgument);
  EXPECT_EQ(Stat("/a").status().message(),
            "the name \"/a\" begins with a slash; names are relative");
}

TEST_F(ConfinementTest, NamesThatMeanNothingAreRefused) {
  for (const std::string& name :
       {std::string("a//b"), std::string("a/"), std::string("./a"), std::string("a\0b", 3),
        std::string(5'000, 'a'), PartName("a", 1, 1), PartName("a", 1, 1) + "/a"}) {
    ExpectRefused(name, StatusCode::kInvalidArgument);
  }
}

TEST_F(ConfinementTest, NamesThatAreTooLongOrTooDeepMakeNoFolders) {
  const std::string long_part(256, 'a');
  ExpectRefused("b/" + long_part + "/a", StatusCode::kInvalidArgument);
  EXPECT_NE(Stat(long_part).status().message().find("has a part of 256 bytes; at most 255"),
            std::string::npos);
  std::string deep = "a";
  for (int i = 1; i < 65; ++i) deep += "/a";
  ExpectRefused(deep, StatusCode::kInvalidArgument);
  EXPECT_NE(Stat(deep).status().message().find("has 65 parts; at most 64"), std::string::npos);
  EXPECT_TRUE(NamesIn(there_.path()).empty());
  EXPECT_EQ(Put("mine", deep.substr(2)), absl::OkStatus());
}

// Whoever may write to the folder is not to have another file written through the part.
TEST_F(ConfinementTest, APartWithASecondNameIsNotWritten) {
  std::filesystem::create_hard_link(Outside("secret"), There(PartName("a", 6, 1)));
  const absl::Status end = UploadAll(Begin("a", 6), "public", Md5Of("public"));
  EXPECT_EQ(end.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(end.message(),
            "the part of \"a\" has 2 names, hard links, instead of 1: it is not written to");
  EXPECT_EQ(ReadFile(Outside("secret")), "secret");
}

// How an upload of 6 bytes ends whose part is changed when all of them are there.
class ChangedPartTest : public ConfinementTest {
 protected:
  template <typename F>
  absl::Status UploadAndChange(F change) {
    auto call = files().Upload();
    EXPECT_TRUE(call.Write(Begin("a", 6)).Wait());
    EXPECT_NE(call.Read().Wait(), nullptr);
    UploadMessage message;
    message.set_data("public");
    EXPECT_TRUE(call.Write(message).Wait());
    const std::string part = There(PartName("a", 6, 1));
    EXPECT_TRUE(rpc::Eventually([&] { return std::filesystem::file_size(part) == 6; }));
    change(part);
    message.Clear();
    message.set_md5(Md5Of("public"));
    (void)call.Write(message).Wait();
    EXPECT_EQ(call.Read().Wait(), nullptr);
    EXPECT_FALSE(Exists(There("a")));
    return call.status();
  }
};

TEST_F(ChangedPartTest, APartThatSomebodyElseReplacesDoesNotGetTheName) {
  const absl::Status end = UploadAndChange([&](const std::string& part) {
    WriteFile(There("other"), "other!");
    std::filesystem::rename(There("other"), part);
  });
  EXPECT_EQ(end.code(), StatusCode::kAborted);
  EXPECT_EQ(end.message(), "somebody else has changed the part of \"a\"");
}

TEST_F(ChangedPartTest, APartThatSomebodyElseCutsDoesNotGetTheName) {
  const absl::Status end =
      UploadAndChange([](const std::string& part) { std::filesystem::resize_file(part, 3); });
  EXPECT_EQ(end.code(), StatusCode::kAborted);
}

TEST_F(ConfinementTest, ALinkToAFileIsNotFollowed) {
  std::filesystem::create_symlink(Outside("secret"), There("link"));
  EXPECT_EQ(Get("link", "got").code(), StatusCode::kPermissionDenied);
  ExpectDownloadRefused("link");
  EXPECT_EQ(Put("mine", "link").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(ReadFile(Outside("secret")), "secret");
}

TEST_F(ConfinementTest, ALinkToAFolderIsNotFollowed) {
  std::filesystem::create_symlink(outside_.path(), There("link"));
  ExpectRefused("link/secret", StatusCode::kPermissionDenied);
  ExpectRefused("link/new/file", StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeOfList("link/sub"), StatusCode::kPermissionDenied);
  EXPECT_EQ(ListNames("link"), std::vector<std::string>{"link"});
  EXPECT_EQ(ListNames("", true), std::vector<std::string>{"link"});
}

TEST_F(ConfinementTest, AChainOfLinksIsNotFollowed) {
  std::filesystem::create_symlink("two", There("one"));
  std::filesystem::create_symlink(outside_.path(), There("two"));
  ExpectRefused("one/secret", StatusCode::kPermissionDenied);
}

TEST_F(ConfinementTest, ALinkThatStaysInsideIsRefusedToo) {
  WriteFile(There("folder/a"), "a");
  std::filesystem::create_symlink("folder", There("link"));
  const absl::Status got = Get("link/a", "got");
  EXPECT_EQ(got.code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(got.message(),
            "cannot open \"link/a\": it is a symbolic link, and links are not followed");
}

TEST_F(ConfinementTest, APipeADeviceOrASocketIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(mkfifo(There("pipe").c_str(), 0666), 0);
  EXPECT_EQ(Stat("pipe", true).status().code(), StatusCode::kFailedPrecondition);
  ExpectDownloadRefused("pipe");
  EXPECT_EQ(Put("mine", "pipe").code(), StatusCode::kFailedPrecondition);
  if (mknod(There("null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0) {
    ExpectDownloadRefused("null");
  }
}

TEST_F(ConfinementTest, AFolderIsNoFile) {
  std::filesystem::create_directory(There("folder"));
  EXPECT_EQ(Put("mine", "folder").message(), "\"folder\" is a folder, not a file");
  EXPECT_EQ(Get("folder", "got").message(), "\"folder\" is a folder");
  EXPECT_EQ(Stat("folder", true).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(ConfinementTest, AFileIsNoFolder) {
  WriteFile(There("file"), "1");
  EXPECT_EQ(Put("mine", "file/a").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Get("file/a", "got").message(), "cannot open \"file/a\": not a directory");
}

// While a folder and a link to the outside change places all the time, a name below means the
// folder or nothing.
TEST_F(ConfinementTest, AFolderThatIsSwappedForALinkMeanwhileLeadsNowhere) {
  WriteFile(There("folder/secret"), "public");
  std::filesystem::create_symlink(outside_.path(), There("link"));
  std::atomic<bool> stop = false;
  std::thread swapper([&] {
    while (!stop) {
      renameat2(AT_FDCWD, There("folder").c_str(), AT_FDCWD, There("link").c_str(),
                RENAME_EXCHANGE);
    }
  });
  int got = 0;
  for (int i = 0; i < 200; ++i) {
    if (!Get("folder/secret", "got").ok()) continue;
    ++got;
    EXPECT_EQ(ReadFile(Here("got")), "public");
  }
  for (int i = 0; i < 100; ++i) (void)Put("mine", "folder/new");
  stop = true;
  swapper.join();
  EXPECT_GT(got, 0);
  EXPECT_EQ(NamesIn(outside_.path()), std::vector<std::string>{"secret"});
}

TEST_F(ConfinementTest, ADownloadDoesNotLeaveItsFolder) {
  WriteFile(There("evil"), "evil");
  std::filesystem::create_symlink(outside_.path(), Here("link"));
  for (const char* target : {"../evil", "/tmp/evil", "a/../../evil"}) {
    EXPECT_EQ(Get("evil", target).code(), StatusCode::kInvalidArgument) << target;
  }
  EXPECT_EQ(Get("evil", "link/evil").code(), StatusCode::kPermissionDenied);
  EXPECT_FALSE(Exists(Outside("evil")));
}

TEST_F(ConfinementTest, AServerThatTakesNoUploadsSaysSo) {
  options_.writable = false;
  server_ = std::make_unique<FilesServer>(options_);
  Connect("");
  const absl::Status put = Put("mine", "a/b");
  EXPECT_EQ(put.code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(put.message(), "this server takes no uploads");
  EXPECT_TRUE(NamesIn(there_.path()).empty());
}

TEST(FilesServiceTest, AFolderThatIsNotThereIsTold) {
  FilesOptions options;
  options.root = "/nowhere/at/all";
  EXPECT_EQ(FilesService::Make(options).status().message(),
            "cannot open the folder \"/nowhere/at/all\": no such file or directory");
}

TEST(NamesTest, WhatMayHarmATerminalIsEscaped) {
  EXPECT_EQ(Quoted("a\x1b[2J"), "\"a\\x1b[2J\"");
  EXPECT_EQ(Quoted("a\xc2\x9bJ"), "\"a\\xc2\\x9bJ\"");
  for (const char* hidden : {"\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"}) {
    const std::string quoted = Quoted(std::string("a") + hidden + "b");
    EXPECT_EQ(quoted.find('\xe2'), quoted.npos) << quoted;
  }
  EXPECT_EQ(Quoted("caf\u00e9 \u2070 \u4e2d"), "\"caf\u00e9 \u2070 \u4e2d\"");
}

TEST(NamesTest, APartHasANameOfItsOwn) {
  const std::string part = PartName("big.iso", 10, 1);
  EXPECT_TRUE(part.starts_with(".big.iso.")) << part;
  EXPECT_TRUE(IsPartName(part));
  EXPECT_NE(part, PartName("big.iso", 11, 1));
  EXPECT_NE(part, PartName("big.iso", 10, 2));
  EXPECT_LE(PartName(std::string(255, 'x'), 10, 1).size(), 255u);
  EXPECT_NE(PartName(std::string(254, 'x') + "a", 1, 1),
            PartName(std::string(254, 'x') + "b", 1, 1));
  for (const char* other : {"a.part", ".a.part", ".part", ".0123456789abcdef.part",
                            "a.0123456789abcdef.part", ".a.0123456789abcdeF.part"}) {
    EXPECT_FALSE(IsPartName(other)) << other;
  }
}

}  // namespace
}  // namespace files
