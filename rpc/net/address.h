// An address as a user writes it, and as the sentences that name it say it.
//
//     tcp://host:port   tcp://[::1]:port   tcp://*:0   unix:///path.sock   unix:@abstract
//
// `*` as a host means every address of this machine; port 0, when listening, picks one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace rpc::net {

enum class Scheme : uint8_t { kTcp, kUnix };

struct Address {
  Scheme scheme = Scheme::kTcp;
  std::string host = {};  // tcp: a name, an IPv4 or IPv6 address without brackets, or `*`
  uint16_t port = 0;      // tcp
  std::string path = {};  // unix: begins with `/`, or with `@` for an abstract name
};

// INVALID_ARGUMENT with the text, what is wrong with it and the forms there are.
absl::StatusOr<Address> ParseAddress(std::string_view text);

// The form that ParseAddress reads.
std::string ToString(const Address& address);

}  // namespace rpc::net
