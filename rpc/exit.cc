// How main tells a status to a person.
#include <cstdio>
#include <string>
#include <string_view>

#include "rpc/server.h"
#include "rpc/wire/bytes_as_text.h"

namespace rpc {
namespace {

// Bytes of the control character that `text`, which is not empty, begins with, or 0: of ASCII, or
// in UTF-8 of those from U+0080 to U+009F.
size_t ControlSize(std::string_view text) {
  const auto at = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (at(0) < 0x20 || at(0) == 0x7F) return 1;
  return text.size() > 1 && at(0) == 0xC2 && at(1) >= 0x80 && at(1) < 0xA0 ? 2 : 0;
}

// A sentence may come from a peer, whom the terminal is not to obey.
std::string WithoutControls(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const size_t control = ControlSize(text);
    shown +=
        control == 0 ? std::string(text.substr(0, 1)) : wire::Printable(text.substr(0, control));
    text.remove_prefix(control == 0 ? 1 : control);
  }
  return shown;
}

}  // namespace

int Exit(const absl::Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", WithoutControls(status.ToString()).c_str());
  return 1;
}

int Fail(const absl::Status& status) { return Exit(status); }

}  // namespace rpc
