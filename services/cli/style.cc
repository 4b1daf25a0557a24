#include "services/cli/style.h"

#include <unistd.h>

#include <cstdlib>

namespace cli {
namespace {

std::string_view Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

}  // namespace

Style::Style(int fd)
    : colours_(isatty(fd) == 1 && Variable("NO_COLOR").empty() && Variable("TERM") != "dumb") {}

std::string Style::Painted(std::string_view code, std::string_view text) const {
  if (!colours_ || text.empty()) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace cli
