// What both sides check of a frame before they use it.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "rpc/session/inbox.h"
#include "rpc/wire/header.h"

namespace rpc::session {

// OK, or the INVALID_ARGUMENT that says which entry breaks which rule: at most 128 entries, keys of
// 1 to 128 bytes of `a-z 0-9 . _ -`, values of printable ASCII unless the key ends in -bin.
absl::Status CheckMetadata(std::span<const wire::Metadatum> metadata);

// Whether a message-carrying or bare frame may stand where it does: MORE never goes with LAST, BARE
// or an empty body, and between the parts of a message there is no bare frame. What it fails with
// is a connection error.
absl::Status CheckParts(const Inbox& inbox, const wire::Header& header);

}  // namespace rpc::session
