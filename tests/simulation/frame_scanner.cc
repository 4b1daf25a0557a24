#include "tests/simulation/frame_scanner.h"

#include <algorithm>
#include <utility>

#include "rpc/wire/header_codec.h"

namespace rpc::simulation {

void FrameScanner::Begin(Place place, uint64_t size) {
  place_ = place;
  rest_ = size;
  gathered_.clear();
}

size_t FrameScanner::Take(std::string_view bytes) {
  header_completed_ = false;
  const size_t size = std::min<uint64_t>(rest_, bytes.size());
  rest_ -= size;
  if (place_ == Place::kLength || place_ == Place::kHeader) gathered_ += bytes.substr(0, size);
  if (rest_ > 0 || place_ == Place::kBroken) return size;
  if (place_ == Place::kLength) {
    uint64_t header_size = 0;
    for (char c : gathered_) header_size = header_size << 8 | static_cast<uint8_t>(c);
    Begin(Place::kHeader, header_size);
  } else if (place_ == Place::kHeader) {
    record_ = std::exchange(gathered_, std::string());
    if (!wire::DecodeHeader(record_, &header_).ok()) {
      Begin(Place::kBroken, UINT64_MAX);
      return size;
    }
    header_completed_ = true;
    Begin(header_.size > 0 ? Place::kBody : Place::kLength,
          header_.size > 0 ? header_.size : wire::kLengthBytes);
  } else {
    Begin(Place::kLength, wire::kLengthBytes);
  }
  return size;
}

}  // namespace rpc::simulation
