// Follows the bytes that a session writes, frame by frame: what the network needs to know in order
// to damage a body or a header, and what the wire watch looks at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rpc/wire/header.h"

namespace rpc::simulation {

class FrameScanner {
 public:
  enum class Place : uint8_t { kLength, kHeader, kBody, kBroken };

  // Takes bytes up to the next change of place, or all of them; returns how many.
  size_t Take(std::string_view bytes);

  // Where the next byte stands.
  Place place() const { return place_; }
  bool between_frames() const { return place_ == Place::kLength && rest_ == wire::kLengthBytes; }
  // How many bytes are left of that place.
  uint64_t rest() const { return rest_; }
  // The header of the frame that was begun last. REQUIRES: its last byte has been taken.
  const wire::Header& header() const { return header_; }
  // Whether Take has just completed a header.
  bool header_completed() const { return header_completed_; }

 private:
  void Begin(Place place, uint64_t size);

  Place place_ = Place::kLength;
  uint64_t rest_ = 4;
  bool header_completed_ = false;
  std::string gathered_;  // the length, or the header
  std::string record_;    // what header_ points into
  wire::Header header_;
};

}  // namespace rpc::simulation
