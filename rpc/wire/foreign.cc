#include "rpc/wire/foreign.h"

#include "absl/strings/str_cat.h"
#include "rpc/wire/bytes_as_text.h"

namespace rpc::wire {
namespace {

struct Signature {
  std::string_view start;
  std::string_view what;
};

constexpr Signature kSignatures[] = {
    {"\x16\x03", "a TLS handshake, but this is a plain connection: connect without tls://"},
    {"GET ", "an HTTP request"},
    {"POST ", "an HTTP request"},
    {"PUT ", "an HTTP request"},
    {"HEAD ", "an HTTP request"},
    {"DELETE ", "an HTTP request"},
    {"OPTIONS ", "an HTTP request"},
    {"CONNECT ", "an HTTP request"},
    {"PATCH ", "an HTTP request"},
    {"TRACE ", "an HTTP request"},
    {"PRI * HTTP/2", "an HTTP/2 request, such as gRPC sends"},
    {"HTTP/", "an HTTP reply"},
    {"SSH-", "an SSH greeting"},
    {"{", "JSON without the 4-byte length that goes before it"},
};

constexpr size_t kShownBytesMax = 16;

}  // namespace

std::string DescribeForeign(std::string_view start) {
  for (const Signature& signature : kSignatures) {
    if (start.starts_with(signature.start)) {
      return absl::StrCat("not a frame: ",
                          absl::string_view(signature.what.data(), signature.what.size()));
    }
  }
  return absl::StrCat("not a frame: the first byte must be 0, but the connection begins with \"",
                      Printable(start, kShownBytesMax), "\"");
}

}  // namespace rpc::wire
