// One header record as the code sees it: plain fields, whose strings are views.
//
//     Header header;
//     header.name = "echo.Echo/Say";
//     header.call = 3;
//     header.flags = kFlagLast;
//
// Lifetime: a Header that was decoded points into the bytes (and, for JSON, the storage) it was
// decoded from; one that is to be encoded points to whatever its maker pointed it to. Nothing here
// owns memory but the two vectors, which a reused Header keeps.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rpc/wire/frame_format.h"

namespace rpc::wire {

struct Metadatum {
  std::string_view key;
  std::string_view value;  // any bytes

  friend bool operator==(const Metadatum&, const Metadatum&) = default;
};

// One payload of an absl::Status.
struct Detail {
  std::string_view type_url;
  std::string_view value;  // any bytes

  friend bool operator==(const Detail&, const Detail&) = default;
};

struct Header {
  Kind kind = Kind::kCall;
  Encoding encoding = Encoding::kIdentity;
  Form form = Form::kBinary;  // how the record is written, no field of it
  uint32_t flags = 0;
  uint32_t code = 0;
  uint64_t call = 0;
  uint64_t size = 0;  // bytes of the body
  uint64_t timeout_us = 0;
  uint64_t credit = 0;
  uint64_t session = 0;
  std::string_view md5;  // 16 bytes when it can be right; any other length is wrong
  std::string_view name;
  std::string_view message;
  std::string_view padding;
  std::vector<Metadatum> metadata;
  std::vector<Detail> details;

  bool Has(uint32_t flag) const { return (flags & flag) != 0; }

  // Back to an empty record. The vectors keep their memory, so that a reused header allocates
  // nothing in the steady state, unless a peer made them unreasonably large.
  void Clear();

  friend bool operator==(const Header&, const Header&) = default;
};

}  // namespace rpc::wire
