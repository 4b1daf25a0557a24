#include "services/files/files_service.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/files/catch_up.h"
#include "services/files/listing.h"
#include "services/files/names.h"
#include "services/files/source_file.h"

namespace files {
namespace {

using UploadStream = rpc::Stream<UploadMessage, UploadReply>;

Wanted WantedBy(const UploadBegin& begin) {
  return {.size = begin.size(),
          .mtime_ns = begin.mtime_ns(),
          .mode = begin.mode(),
          .overwrite = begin.overwrite(),
          .anew = begin.anew()};
}

absl::StatusOr<SourceFile> OpenSource(const Root& root, const std::string& name) {
  absl::StatusOr<rpc::Descriptor> file = root.OpenFile(name);
  if (!file.ok()) return file.status();
  return SourceFile::Open(*std::move(file), name);
}

absl::Status CheckRequest(const DownloadRequest& request, const Entry& there) {
  const Version& seen = request.seen();
  const bool other = seen.size() != there.size() || seen.mtime_ns() != there.mtime_ns();
  if (request.has_seen() && other) {
    return absl::AbortedError(
        absl::StrCat(Quoted(request.name()), " is not the file that it was: it has changed"));
  }
  if (request.offset() <= there.size()) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat(Quoted(request.name()), " has ", there.size(),
                                            " bytes; there is no byte ", request.offset()));
}

absl::StatusOr<SourceFile> OpenFor(const Root& root, const DownloadRequest& request) {
  absl::StatusOr<SourceFile> source = OpenSource(root, request.name());
  if (!source.ok()) return source;
  if (absl::Status s = CheckRequest(request, source->entry()); !s.ok()) return s;
  return source;
}

// Who resumes reads once more what it has, at this rate at least, before it goes on.
constexpr uint64_t kCatchUpRate = 8 << 20;  // bytes a second

absl::Duration CatchUpTime(uint64_t offset) { return absl::Seconds(offset / kCatchUpRate); }

rpc::Task<> ReadPiece(SourceFile& source, std::string* piece, Movement& movement) {
  const Movement::Work work(&movement);
  auto read = [&] { return source.Read(source.size(), piece); };
  const absl::Status status = co_await rpc::Blocking(read);
  co_return status;
}

rpc::Task<> SendPieces(SourceFile& source, rpc::Writer<DownloadMessage>& out, Movement& movement) {
  DownloadMessage message;
  while (source.position() < source.size()) {
    const absl::Status read = co_await ReadPiece(source, message.mutable_data(), movement);
    if (!read.ok()) co_return read;
    const bool taken = co_await out.Write(message);
    if (!taken) co_return out.status();
  }
  co_return absl::OkStatus();
}

rpc::Task<> SendMd5(SourceFile& source, rpc::Writer<DownloadMessage>& out) {
  auto finish = [&] { return source.Finish(); };
  const absl::StatusOr<std::string> md5 = co_await rpc::Blocking(finish);
  if (!md5.ok()) co_return md5.status();
  DownloadMessage message;
  message.set_md5(*md5);
  const bool taken = co_await out.Write(message);
  co_return taken ? absl::OkStatus() : out.status();
}

rpc::Task<> Append(PartFile& part, const std::string& piece, Movement& movement) {
  const Movement::Work work(&movement);
  auto append = [&] { return part.Append(piece); };
  const absl::Status status = co_await rpc::Blocking(append);
  co_return status;
}

// The disk may take its time to write all of it.
rpc::Task<> Finish(PartFile& part, const std::string& md5, Movement& movement) {
  const Movement::Work work(&movement);
  auto finish = [&] { return part.Finish(md5); };
  const absl::Status status = co_await rpc::Blocking(finish);
  co_return status;
}

// Up to the message with the MD5, after which the file is in place.
rpc::Task<> Receive(PartFile& part, UploadStream& stream, Movement& movement) {
  while (const UploadMessage* const message = co_await stream.Read()) {
    if (!message->md5().empty()) co_return co_await Finish(part, message->md5(), movement);
    if (message->data().empty()) continue;  // which is no movement
    const absl::Status appended = co_await Append(part, message->data(), movement);
    if (!appended.ok()) co_return appended;
  }
  if (!stream.status().ok()) co_return stream.status();
  co_return absl::InvalidArgumentError("an upload ends with the MD5 of the file; none came");
}

// What is there already is read once more by both sides.
rpc::Task<> CatchUpWithPeer(rpc::Task<> catching_up, uint64_t offset, Movement& movement) {
  absl::Status status;
  {
    const Movement::Work work(&movement);
    status = co_await std::move(catching_up);
  }
  movement.Allow(CatchUpTime(offset));
  co_return status;
}

// A datagram costs its sender nothing, and may bear the address of another.
absl::Status CheckMd5IsTold(const rpc::ServerContext& context) {
  if (!context.peer().address.starts_with("udp:")) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the MD5 of a file is not told over udp://, where a few bytes would order much work; "
      "ask over tcp:// or tls://");
}

}  // namespace

absl::StatusOr<std::shared_ptr<FilesService>> FilesService::Make(const FilesOptions& options) {
  absl::StatusOr<Root> root = Root::Open(options.root);
  if (!root.ok()) return root.status();
  return std::shared_ptr<FilesService>(new FilesService(options, *std::move(root)));
}

rpc::Task<> FilesService::List(rpc::ServerContext&, const ListRequest& request,
                               rpc::Writer<Entry>& out) {
  auto open = [&] { return Listing::Open(root_, request.name(), request.recursive()); };
  absl::StatusOr<Listing> listing = co_await rpc::Blocking(open);
  if (!listing.ok()) co_return listing.status();
  std::vector<Entry> entries;
  auto next = [&] { return listing->Next(&entries); };
  for (;;) {
    const bool any = co_await rpc::Blocking(next);
    if (!any) co_return listing->status();
    for (const Entry& entry : entries) {
      const bool taken = co_await out.Write(entry);
      if (!taken) co_return out.status();
    }
  }
}

rpc::Task<> FilesService::Stat(rpc::ServerContext& context, const StatRequest& request,
                               Entry& reply) {
  if (request.with_md5()) {
    if (absl::Status s = CheckMd5IsTold(context); !s.ok()) co_return s;
  }
  auto look = [&] { return root_.Look(request.name()); };
  absl::StatusOr<Entry> entry = co_await rpc::Blocking(look);
  if (!entry.ok()) co_return entry.status();
  reply = *entry;
  if (!request.with_md5()) co_return absl::OkStatus();

  auto open = [&] { return OpenSource(root_, request.name()); };
  absl::StatusOr<SourceFile> source = co_await rpc::Blocking(open);
  if (!source.ok()) co_return source.status();
  absl::Status read = co_await CatchUp(*source, source->size());
  if (!read.ok()) co_return read;
  auto finish = [&] { return source->Finish(); };
  const absl::StatusOr<std::string> md5 = co_await rpc::Blocking(finish);
  if (!md5.ok()) co_return md5.status();
  reply = source->entry();
  reply.set_name(request.name());
  reply.set_md5(*md5);
  co_return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<PartFile>> FilesService::Begin(const UploadBegin& begin) {
  if (!options_.writable) {
    return absl::PermissionDeniedError("this server takes no uploads");
  }
  if (begin.size() > options_.file_size_max) {
    return absl::ResourceExhaustedError(absl::StrCat(Quoted(begin.name()), " has ", begin.size(),
                                                     " bytes; this server takes files of at most ",
                                                     options_.file_size_max));
  }
  absl::StatusOr<Place> place = root_.Find(begin.name(), Root::kMake);
  if (!place.ok()) return place.status();
  return uploads_.Begin(*std::move(place), WantedBy(begin));
}

rpc::Task<> FilesService::Upload(rpc::ServerContext&, UploadStream& stream) {
  Movement movement;
  co_return co_await EndWhenIdle(Take(stream, movement), movement, options_.idle_timeout);
}

rpc::Task<> FilesService::Take(UploadStream& stream, Movement& movement) {
  const UploadMessage* const first = co_await stream.Read();
  if (first == nullptr && !stream.status().ok()) co_return stream.status();
  if (first == nullptr || !first->has_begin()) {
    co_return absl::InvalidArgumentError("an upload begins with the name of the file");
  }
  const UploadBegin begin = first->begin();
  auto open = [&] { return Begin(begin); };
  const absl::StatusOr<std::shared_ptr<PartFile>> part = co_await rpc::Blocking(open);
  if (!part.ok()) co_return part.status();

  UploadReply reply;
  reply.set_offset((*part)->kept());
  const bool told = co_await stream.Write(reply);
  if (!told) co_return stream.status();
  const absl::Status hashed = co_await CatchUpWithPeer(CatchUp(**part), (*part)->kept(), movement);
  if (!hashed.ok()) co_return hashed;
  const absl::Status received = co_await Receive(**part, stream, movement);
  if (!received.ok()) co_return received;
  reply.set_offset(begin.size());
  const bool told_end = co_await stream.Write(reply);
  co_return told_end ? absl::OkStatus() : stream.status();
}

rpc::Task<> FilesService::Download(rpc::ServerContext&, const DownloadRequest& request,
                                   rpc::Writer<DownloadMessage>& out) {
  Movement movement;
  co_return co_await EndWhenIdle(Give(request, out, movement), movement, options_.idle_timeout);
}

rpc::Task<> FilesService::Give(const DownloadRequest& request, rpc::Writer<DownloadMessage>& out,
                               Movement& movement) {
  auto open = [&] { return OpenFor(root_, request); };
  absl::StatusOr<SourceFile> source = co_await rpc::Blocking(open);
  if (!source.ok()) co_return source.status();

  DownloadMessage first;
  *first.mutable_entry() = source->entry();
  first.mutable_entry()->set_name(request.name());
  const bool told = co_await out.Write(first);
  if (!told) co_return out.status();
  absl::Status sent =
      co_await CatchUpWithPeer(CatchUp(*source, request.offset()), request.offset(), movement);
  if (!sent.ok()) co_return sent;
  sent = co_await SendPieces(*source, out, movement);
  if (!sent.ok()) co_return sent;
  co_return co_await SendMd5(*source, out);
}

}  // namespace files
