#include "services/files/file_client.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/files/catch_up.h"
#include "services/files/file_error.h"
#include "services/files/names.h"

namespace files {
namespace {

using UploadCall = rpc::StreamCall<UploadReply, UploadMessage>;
using DownloadCall = rpc::ReadCall<DownloadMessage>;

absl::StatusOr<SourceFile> OpenSource(const std::string& path) {
  // O_NONBLOCK waits for no pipe's writer; what is no file is refused then.
  rpc::Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return FileError("open", path);
  return SourceFile::Open(std::move(file), path);
}

absl::Status CheckIsFile(const Entry& entry) {
  if (entry.kind() == FILE) return absl::OkStatus();
  if (entry.kind() == LINK) return FileError(ELOOP, "open", entry.name());
  return absl::FailedPreconditionError(
      absl::StrCat(Quoted(entry.name()), entry.kind() == FOLDER ? " is a folder" : " is no file"));
}

// Why a stream has ended, before the message that was expected.
absl::Status EndOf(const absl::Status& status) {
  if (!status.ok()) return status;
  return absl::InternalError("the server has ended the transfer before it was complete");
}

UploadMessage Beginning(const std::string& name, const Entry& entry, bool overwrite, bool anew) {
  UploadMessage message;
  UploadBegin& begin = *message.mutable_begin();
  begin.set_name(name);
  begin.set_size(entry.size());
  begin.set_mtime_ns(entry.mtime_ns());
  begin.set_mode(entry.mode());
  begin.set_overwrite(overwrite);
  begin.set_anew(anew);
  return message;
}

DownloadRequest RequestFor(const std::string& name, const Entry& entry, uint64_t offset) {
  DownloadRequest request;
  request.set_name(name);
  request.set_offset(offset);
  request.mutable_seen()->set_size(entry.size());
  request.mutable_seen()->set_mtime_ns(entry.mtime_ns());
  return request;
}

// Up to where the server says that the upload goes on.
rpc::Task<> BeginUpload(UploadCall& call, const UploadMessage& beginning, SourceFile& source,
                        Attempts& attempts) {
  (void)co_await call.Write(beginning);
  const UploadReply* const reply = co_await call.Read();
  if (reply == nullptr) co_return EndOf(call.status());
  if (reply->offset() > source.size()) {
    co_return absl::InternalError(
        absl::StrCat("the server has ", reply->offset(), " bytes of a file of ", source.size()));
  }
  attempts.GoOnAt(reply->offset());
  const absl::Status read = co_await CatchUp(source, attempts.offset());
  attempts.EndCheck();
  co_return read;
}

rpc::Task<> SendPieces(UploadCall& call, SourceFile& source, Attempts& attempts) {
  UploadMessage message;
  auto read_piece = [&] { return source.Read(source.size(), message.mutable_data()); };
  while (source.position() < source.size()) {
    const absl::Status read = co_await rpc::Blocking(read_piece);
    if (!read.ok()) co_return read;
    const bool taken = co_await call.Write(message);
    if (!taken) co_return EndOf(call.status());
    attempts.Move(message.data().size());
  }
  co_return absl::OkStatus();
}

// From the MD5 on to when the server has the file in place.
rpc::Task<> EndUpload(UploadCall& call, SourceFile& source, Attempts& attempts) {
  auto finish = [&] { return source.Finish(); };
  const absl::StatusOr<std::string> md5 = co_await rpc::Blocking(finish);
  if (!md5.ok()) co_return md5.status();
  UploadMessage message;
  message.set_md5(*md5);
  (void)co_await call.Write(message);
  call.Close();
  const UploadReply* const reply = co_await call.Read();
  if (reply == nullptr) co_return EndOf(call.status());
  attempts.End(*md5);
  co_return absl::OkStatus();
}

// From the offset that was asked for to when the file is in place.
rpc::Task<> ReceivePieces(DownloadCall& call, PartFile& part, Attempts& attempts) {
  const DownloadMessage* message = nullptr;
  auto append = [&] { return part.Append(message->data()); };
  auto finish = [&] { return part.Finish(message->md5()); };
  while ((message = co_await call.Read()) != nullptr) {
    if (!message->md5().empty()) {
      attempts.End(message->md5());
      const absl::Status finished = co_await rpc::Blocking(finish);
      co_return finished;
    }
    const absl::Status appended = co_await rpc::Blocking(append);
    if (!appended.ok()) co_return appended;
    attempts.Move(message->data().size());
  }
  co_return EndOf(call.status());
}

}  // namespace

FileClient::FileClient(const rpc::Channel& channel, const FileClientOptions& options)
    : options_(options), files_(channel) {}

rpc::Task<> FileClient::Upload(std::string path, std::string name, Transfer* transfer) {
  Attempts attempts(options_.retry, &reached_, transfer);
  for (;;) {
    absl::Status status = co_await UploadOnce(path, name, attempts);
    if (status.ok()) co_return status;
    // Another attempt at the same upload, by somebody else, is not fought.
    if (absl::IsAborted(status)) co_return status;
    const std::optional<absl::Duration> pause = attempts.After(status);
    if (!pause.has_value()) co_return status;
    (void)co_await rpc::Sleep(*pause);
  }
}

rpc::Task<> FileClient::UploadOnce(const std::string& path, const std::string& name,
                                   Attempts& attempts) {
  auto open = [&] { return OpenSource(path); };
  absl::StatusOr<SourceFile> source = co_await rpc::Blocking(open);
  if (!source.ok()) co_return source.status();
  attempts.Begin(source->size());
  UploadCall call = files_.Upload();
  const UploadMessage beginning =
      Beginning(name, source->entry(), options_.overwrite, attempts.anew());
  absl::Status status = co_await BeginUpload(call, beginning, *source, attempts);
  if (!status.ok()) co_return status;
  status = co_await SendPieces(call, *source, attempts);
  if (!status.ok()) co_return status;
  co_return co_await EndUpload(call, *source, attempts);
}

rpc::Task<> FileClient::Download(std::string name, const Root& folder, std::string target,
                                 Transfer* transfer) {
  Attempts attempts(options_.retry, &reached_, transfer);
  for (;;) {
    absl::Status status = co_await DownloadOnce(name, folder, target, attempts);
    if (status.ok()) co_return status;
    const std::optional<absl::Duration> pause = attempts.After(status);
    if (!pause.has_value()) co_return status;
    (void)co_await rpc::Sleep(*pause);
  }
}

rpc::Task<> FileClient::DownloadOnce(const std::string& name, const Root& folder,
                                     const std::string& target, Attempts& attempts) {
  StatRequest stat;
  stat.set_name(name);
  const absl::StatusOr<Entry> entry = co_await files_.Stat(stat);
  if (!entry.ok()) co_return entry.status();
  if (absl::Status s = CheckIsFile(*entry); !s.ok()) co_return s;
  attempts.Begin(entry->size());
  auto open = [&] { return OpenPart(folder, target, *entry, attempts.anew()); };
  const absl::StatusOr<std::shared_ptr<PartFile>> part = co_await rpc::Blocking(open);
  if (!part.ok()) co_return part.status();

  attempts.GoOnAt((*part)->kept());
  // The server reads up to the offset while this side does.
  const DownloadRequest request = RequestFor(name, *entry, (*part)->kept());
  DownloadCall call = files_.Download(request);
  absl::Status status = co_await CatchUp(**part);
  attempts.EndCheck();
  if (!status.ok()) co_return status;
  status = co_await ReceivePieces(call, **part, attempts);
  // What came of a file that has changed since is of no use to anybody.
  if (absl::IsAborted(status)) (*part)->Discard();
  co_return status;
}

absl::StatusOr<std::shared_ptr<PartFile>> FileClient::OpenPart(const Root& folder,
                                                               const std::string& target,
                                                               const Entry& entry, bool anew) {
  absl::StatusOr<Place> place = folder.Find(target, Root::kMake);
  if (!place.ok()) return place.status();
  stale_parts_.Sweep(place->folder.get());
  return PartFile::Open(*std::move(place), {.size = entry.size(),
                                            .mtime_ns = entry.mtime_ns(),
                                            .mode = entry.mode(),
                                            .overwrite = options_.overwrite,
                                            .anew = anew});
}

}  // namespace files
