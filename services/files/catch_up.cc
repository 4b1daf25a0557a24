#include "services/files/catch_up.h"

#include <string>

#include "rpc/rpc.h"

namespace files {

rpc::Task<> CatchUp(SourceFile& source, uint64_t offset) {
  std::string piece;
  auto read = [&] { return source.Read(offset, &piece); };
  while (source.position() < offset) {
    const absl::Status status = co_await rpc::Blocking(read);
    if (!status.ok()) co_return status;
  }
  co_return absl::OkStatus();
}

rpc::Task<> CatchUp(PartFile& part) {
  auto hash = [&] { return part.HashKept(); };
  while (part.position() < part.kept()) {
    const absl::Status status = co_await rpc::Blocking(hash);
    if (!status.ok()) co_return status;
  }
  co_return absl::OkStatus();
}

}  // namespace files
