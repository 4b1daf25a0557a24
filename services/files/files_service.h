// Serves the files of one folder, and what is in it: list, stat, upload and download.
//
//     files::FilesOptions options;
//     options.root = "/srv/files";
//     absl::StatusOr<std::shared_ptr<files::FilesService>> service =
//         files::FilesService::Make(options);
//     if (!service.ok()) return rpc::Fail(service.status());
//     server.Add(*std::move(service));
//     server.Limit("files.Files/Upload", 16);      // at once; more wait their turn
//
// Nobody gets out of the folder, and symbolic links in it are not followed. Uploads appear under
// their name when they are whole. README.md says how resuming works.
//
// Threads: any number may call it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/files/files.rpc.h"
#include "services/files/movement.h"
#include "services/files/part_file.h"
#include "services/files/root.h"
#include "services/files/stale_parts.h"
#include "services/files/uploads.h"

namespace files {

struct FilesOptions {
  // An existing folder.
  std::string root = {};

  // Whether uploads are taken.
  bool writable = true;

  // Of an upload. A client says the size before it sends, and the disk's room is looked at then, so
  // this is for those who want to allow less than the disk does.
  uint64_t file_size_max = uint64_t{1} << 40;

  // An upload or download whose client has not moved a byte for so long ends UNAVAILABLE: its files
  // are open meanwhile. What is there stays for the next attempt.
  absl::Duration idle_timeout = absl::Seconds(60);

  // What a broken upload has left is removed when an upload into the same folder begins and nothing
  // was added to it for so long.
  absl::Duration part_age_max = kPartAgeMax;
};

class FilesService final : public Files::Service {
 public:
  // NOT_FOUND, PERMISSION_DENIED and so on when the folder cannot be opened.
  static absl::StatusOr<std::shared_ptr<FilesService>> Make(const FilesOptions& options);

  rpc::Task<> List(rpc::ServerContext& context, const ListRequest& request,
                   rpc::Writer<Entry>& out) override;
  rpc::Task<> Stat(rpc::ServerContext& context, const StatRequest& request, Entry& reply) override;
  rpc::Task<> Upload(rpc::ServerContext& context,
                     rpc::Stream<UploadMessage, UploadReply>& stream) override;
  rpc::Task<> Download(rpc::ServerContext& context, const DownloadRequest& request,
                       rpc::Writer<DownloadMessage>& out) override;

 private:
  FilesService(const FilesOptions& options, Root root)
      : options_(options), root_(std::move(root)), uploads_(options.part_age_max) {}

  absl::StatusOr<std::shared_ptr<PartFile>> Begin(const UploadBegin& begin);
  rpc::Task<> Take(rpc::Stream<UploadMessage, UploadReply>& stream, Movement& movement);
  rpc::Task<> Give(const DownloadRequest& request, rpc::Writer<DownloadMessage>& out,
                   Movement& movement);

  const FilesOptions options_;
  const Root root_;
  Uploads uploads_;
};

}  // namespace files
