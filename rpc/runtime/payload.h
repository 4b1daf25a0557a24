// A message that has been serialised, as a session takes it.
#pragma once

#include <memory>
#include <string>

#include "rpc/session/session.h"
#include "rpc/wire/large_string.h"

namespace rpc::runtime {

// A message larger than this is handed over instead of copied.
inline constexpr size_t kCopiedSizeMax = 16 << 10;

// Points into `bytes`, or, when they are many, owns them; `bytes` is empty then.
inline session::Payload PayloadOf(std::string* bytes) {
  struct Owner {
    ~Owner() { wire::GiveLarge(&bytes); }
    std::string bytes;
  };
  if (bytes->size() <= kCopiedSizeMax) return {*bytes};
  auto owner = std::make_shared<Owner>();
  owner->bytes.swap(*bytes);
  return {owner->bytes, owner};
}

}  // namespace rpc::runtime
