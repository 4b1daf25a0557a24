// Any text as an address: it is refused with a sentence, or it is read, written and read again as
// the same.
#include <string>

#include "rpc/net/address.h"
#include "tests/fuzz/choices.h"

using rpc::Require;
using rpc::net::Address;
using rpc::net::ParseAddress;

namespace {

bool Same(const Address& a, const Address& b) {
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port && a.path == b.path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<Address> address = ParseAddress(text);
  if (!address.ok()) {
    Require(absl::IsInvalidArgument(address.status()), "refused with the wrong code");
    Require(!address.status().message().empty(), "refused without a word");
    Require(address.status().message().size() < 2'500, "a sentence without an end");
    return 0;
  }
  const absl::StatusOr<Address> again = ParseAddress(ToString(*address));
  Require(again.ok(), "what was read and written can't be read");
  Require(Same(*address, *again), "what was written is another address");
  return 0;
}
