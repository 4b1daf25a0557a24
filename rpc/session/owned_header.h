// A header record with memory of its own, for a frame that has to wait.
#pragma once

#include <string>

#include "rpc/wire/header.h"

namespace rpc::session {

class OwnedHeader {
 public:
  // Copies `header` and every string it points to.
  explicit OwnedHeader(const wire::Header& header);
  OwnedHeader(const OwnedHeader&) = delete;
  OwnedHeader& operator=(const OwnedHeader&) = delete;

  const wire::Header& header() const { return header_; }

  // Bytes that it holds beyond its own.
  size_t memory_size() const;

 private:
  std::string_view Keep(std::string_view text);

  std::string strings_;
  wire::Header header_;
};

// Bytes of all strings of `header`, and what each entry of its lists costs.
size_t HeaderMemorySize(const wire::Header& header);

}  // namespace rpc::session
