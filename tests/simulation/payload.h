// What messages say: a function of the call, the direction and the place in the stream, so that a
// message which is mixed up, moved, repeated or damaged is not the one that was expected.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rpc/session/session.h"

namespace rpc::simulation {

enum class Direction : uint8_t { kRequest, kReply };

// No message of a simulation is larger.
inline constexpr uint64_t kMessageSizeMax = 6 << 20;

struct MessageName {
  uint64_t call_key = 0;
  Direction direction = Direction::kRequest;
  uint64_t index = 0;
  uint64_t size_max = 0;  // the size is from 0 to this, mostly small
};

// The message of that name: a view of memory that lasts as long as the program.
std::string_view MessageOf(const MessageName& name);

// The same, to be sent without a copy, or with one.
session::Payload PayloadOf(const MessageName& name, bool shared);

// "request 3 of call 17, 4096 bytes": for complaints.
std::string Describe(const MessageName& name);

}  // namespace rpc::simulation
