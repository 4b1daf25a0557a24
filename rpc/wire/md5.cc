#include "rpc/wire/md5.h"

#include "rpc/wire/md5_lanes.h"

namespace rpc::wire {

Md5Digest Md5(std::string_view body) {
  const auto* data = reinterpret_cast<const uint8_t*>(body.data());
  const size_t blocks = body.size() / md5::kBlockSize;
  Md5Digest state = md5::kInitialState;
  if (blocks > 0) md5::HashBlocks(data, blocks, state.data());
  md5::HashEnd(data + blocks * md5::kBlockSize, body.size(), state.data());
  return state;
}

}  // namespace rpc::wire
