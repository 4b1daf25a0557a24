// The END of a call over datagrams: as large as its client may be sent, and no larger.
//
// Internal to rpc/session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "rpc/session/call.h"
#include "rpc/session/datagram.h"
#include "rpc/wire/header.h"

namespace rpc::session {

// What an END has of its CALL.
struct EndFrame {
  uint64_t session = 0;
  uint64_t call = 0;
  wire::Form form = wire::Form::kBinary;
  size_t call_size = 0;  // of the CALL's datagram
  size_t size_max = 0;   // of the END's
};

// How large an END may be for a CALL of that size.
size_t EndSizeMax(const DatagramLimits& limits, size_t call_size);

// Makes *out the END. What does not fit is left out in the order that the protocol says: details,
// metadata, the end of the message. Trailing metadata that breaks the rules is left out too; *out
// is empty when not even the shortest END fits.
// False when the reply does not fit: the END says RESOURCE_EXHAUSTED instead.
bool WriteEnd(const EndFrame& frame, const absl::Status& status, const Payload* reply,
              std::span<const wire::Metadatum> trailing, std::string* out);

}  // namespace rpc::session
