// absl::Status as END and GOAWAY carry it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rpc/wire/header.h"

namespace rpc::session {

// The status that the code, message and details of `header` stand for. A code above 16 is UNKNOWN.
absl::Status StatusOf(const wire::Header& header);

// Puts code, message and payloads of a status into headers. Owns the strings that these point to:
// it lives until the header has been encoded.
class StatusWriter {
 public:
  explicit StatusWriter(const absl::Status& status);
  StatusWriter(const StatusWriter&) = delete;
  StatusWriter& operator=(const StatusWriter&) = delete;

  void WriteTo(wire::Header* header) const;

 private:
  struct Payload {
    std::string type_url;
    std::string value;
  };
  uint32_t code_;
  std::string message_;
  std::vector<Payload> payloads_;
};

// Makes the record of `header` at most `size_max` bytes with a body of `body_size`, by leaving out
// first its details, then its metadata, then the end of its message.
void FitHeader(wire::Header* header, size_t body_size, size_t size_max);

}  // namespace rpc::session
