// Brings the hash of a file up to the byte where the attempt before has stopped, a piece at a time,
// on a thread where it may block.
//
//     absl::Status status = co_await CatchUp(source, reply.offset());
//     absl::Status status = co_await CatchUp(part);
#pragma once

#include <cstdint>

#include "rpc/rpc.h"
#include "services/files/part_file.h"
#include "services/files/source_file.h"

namespace files {

// Reads what is not to be sent.
rpc::Task<> CatchUp(SourceFile& source, uint64_t offset);

// Reads what was kept.
rpc::Task<> CatchUp(PartFile& part);

}  // namespace files
