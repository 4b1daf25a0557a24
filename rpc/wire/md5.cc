#include "rpc/wire/md5.h"

#include <algorithm>
#include <cstring>

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

Md5Stream::Md5Stream() : state_(md5::kInitialState) {}

void Md5Stream::Update(std::string_view piece) {
  if (piece.empty()) return;
  const size_t held = size_ % md5::kBlockSize;
  size_ += piece.size();
  if (held > 0) {
    const size_t taken = std::min(piece.size(), md5::kBlockSize - held);
    std::memcpy(rest_.data() + held, piece.data(), taken);
    piece.remove_prefix(taken);
    if (held + taken < md5::kBlockSize) return;
    md5::HashBlocks(rest_.data(), 1, state_.data());
  }
  const size_t blocks = piece.size() / md5::kBlockSize;
  md5::HashBlocks(reinterpret_cast<const uint8_t*>(piece.data()), blocks, state_.data());
  piece.remove_prefix(blocks * md5::kBlockSize);
  std::memcpy(rest_.data(), piece.data(), piece.size());
}

Md5Digest Md5Stream::Finish() {
  md5::HashEnd(rest_.data(), size_, state_.data());
  const Md5Digest digest = state_;
  *this = Md5Stream();
  return digest;
}

}  // namespace rpc::wire
