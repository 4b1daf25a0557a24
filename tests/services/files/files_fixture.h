// A server with the files service over a folder of its own, a folder of the client's, and what
// tests do with them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/files/file_client.h"
#include "services/files/files_service.h"
#include "tests/support/certificates.h"

namespace files {

// Bytes that look like nothing, the same for the same seed.
std::string SomeBytes(size_t size, uint64_t seed = 1);
std::string Md5Of(std::string_view bytes);

bool Exists(const std::string& path);
std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, std::string_view bytes);
void SetMtime(const std::string& path, int64_t seconds);
int64_t MtimeOf(const std::string& path);

// Names of all files in a folder, hidden ones too, sorted.
std::vector<std::string> NamesIn(const std::string& folder);
// Of those, the names of files that are not whole.
std::vector<std::string> PartsIn(const std::string& folder);

enum class Over { kTcp, kUnix, kTls, kUdp };
std::string OverName(Over over);

class FilesServer {
 public:
  explicit FilesServer(const FilesOptions& options, Over over = Over::kTcp);

  const std::string& address() const { return address_; }
  rpc::Server& server() { return *server_; }
  rpc::Channel MakeChannel(const std::string& address = "") const;
  void Stop() { server_ = nullptr; }

 private:
  Over over_;
  rpc::TemporaryFolder sockets_;
  std::unique_ptr<rpc::Server> server_;
  std::string address_;
};

// Pauses that tests can wait for.
FileClientOptions QuickOptions();

class FilesTest : public testing::Test {
 protected:
  FilesTest() : FilesTest(Over::kTcp) {}
  explicit FilesTest(Over over);

  // Paths below the server's folder, and below the client's.
  std::string There(const std::string& name) const { return there_.PathOf(name); }
  std::string Here(const std::string& name) const { return here_.PathOf(name); }

  // From now on the client's calls go to this address, with these options.
  void Connect(const std::string& address, const FileClientOptions& options = QuickOptions());

  absl::Status Put(const std::string& local, const std::string& name);
  absl::Status Get(const std::string& name, const std::string& local);
  std::vector<Entry> List(const std::string& name, bool recursive = false);
  std::vector<std::string> ListNames(const std::string& name, bool recursive = false);
  absl::StatusOr<Entry> Stat(const std::string& name, bool with_md5 = false);

  // An upload by hand, message by message.
  UploadMessage Begin(const std::string& name, uint64_t size, int64_t mtime_ns = 1) const;
  // Sends all of it at once; how that ends.
  absl::Status UploadAll(const UploadMessage& begin, std::string_view bytes, std::string md5);

  Files::Client& files() { return *files_; }
  FileClient& client() { return *client_; }

  rpc::TemporaryFolder there_;
  rpc::TemporaryFolder here_;
  FilesOptions options_;
  std::unique_ptr<FilesServer> server_;
  Transfer transfer_;  // the last one

 private:
  std::unique_ptr<Files::Client> files_;
  std::unique_ptr<FileClient> client_;
};

}  // namespace files
