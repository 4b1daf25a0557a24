// Copies files to and from a server that has the files service, over whatever connections it takes.
//
//     FileClient client(channel);
//     Transfer transfer;
//     absl::Status status = co_await client.Upload("/home/ann/big.iso", "iso/big.iso", &transfer);
//
//     absl::StatusOr<Root> folder = Root::Open("/home/ann/Downloads");
//     status = co_await client.Download("iso/big.iso", *folder, "big.iso", &transfer);
//
// When a connection is cut the transfer goes on at the byte where it stopped; it gives up after
// some attempts in a row that brought nothing (attempts.h), and at once when the server was never
// reached. What is left of one that failed, or was dropped, is found by the next call for the same
// file. OK: the file is there, whole, and its MD5 is that of the other side.
//
// Threads: all calls on one loop, any number at once. Lifetime: it, the folder and the Transfer
// outlive the call.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "services/files/attempts.h"
#include "services/files/files.rpc.h"
#include "services/files/part_file.h"
#include "services/files/root.h"
#include "services/files/source_file.h"
#include "services/files/stale_parts.h"

namespace files {

struct FileClientOptions {
  // Whether a file in the way is replaced; else it is ALREADY_EXISTS, unless it is the same.
  bool overwrite = true;

  RetryOptions retry = {};
};

class FileClient {
 public:
  explicit FileClient(const rpc::Channel& channel, const FileClientOptions& options = {});

  // From a path of this machine, through whatever links, to a name on the server.
  // FAILED_PRECONDITION for what is no regular file, ABORTED when it changes meanwhile.
  rpc::Task<> Upload(std::string path, std::string name, Transfer* transfer);

  // From a name on the server to one in a folder of this machine; neither leads out of its folder.
  // ABORTED when the file changes again and again meanwhile.
  rpc::Task<> Download(std::string name, const Root& folder, std::string target,
                       Transfer* transfer);

  const Files::Client& files() const { return files_; }

 private:
  rpc::Task<> UploadOnce(const std::string& path, const std::string& name, Attempts& attempts);
  rpc::Task<> DownloadOnce(const std::string& name, const Root& folder, const std::string& target,
                           Attempts& attempts);
  absl::StatusOr<std::shared_ptr<PartFile>> OpenPart(const Root& folder, const std::string& target,
                                                     const Entry& entry, bool anew);

  const FileClientOptions options_;
  Files::Client files_;
  StaleParts stale_parts_;
  bool reached_ = false;  // the server has answered
};

}  // namespace files
