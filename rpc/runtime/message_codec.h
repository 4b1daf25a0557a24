// Messages from and to the bytes of a body, in the form of its call: protobuf or JSON.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"
#include "rpc/wire/header.h"

namespace rpc::runtime {

// Clears `message` first. INVALID_ARGUMENT says what cannot be read, and of which message.
absl::Status ParseMessage(wire::Form form, std::string_view bytes,
                          google::protobuf::MessageLite* message);

// Replaces `bytes`. INVALID_ARGUMENT for a proto2 message that lacks required fields, and what has
// no JSON form.
absl::Status SerializeMessage(wire::Form form, const google::protobuf::MessageLite& message,
                              std::string* bytes);

}  // namespace rpc::runtime
