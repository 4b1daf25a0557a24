// Colours, at a terminal only: not into files and pipes, not where NO_COLOR is set or TERM is dumb.
//
//     const Style style(STDOUT_FILENO);
//     std::cout << style.Bold("echo.Echo") << "\n";
//
// Texts are written as they are: what comes from a peer is made harmless before. No state that
// changes; any thread.
#pragma once

#include <string>
#include <string_view>

namespace cli {

class Style {
 public:
  explicit Style(int fd);
  // With colours, or without.
  explicit Style(bool colours) : colours_(colours) {}

  bool has_colours() const { return colours_; }

  std::string Bold(std::string_view text) const { return Painted("1", text); }
  std::string Dim(std::string_view text) const { return Painted("2", text); }
  std::string Red(std::string_view text) const { return Painted("31", text); }
  std::string Green(std::string_view text) const { return Painted("32", text); }
  std::string Yellow(std::string_view text) const { return Painted("33", text); }
  std::string Blue(std::string_view text) const { return Painted("36", text); }
  std::string Inverse(std::string_view text) const { return Painted("7", text); }

 private:
  std::string Painted(std::string_view code, std::string_view text) const;

  bool colours_;
};

}  // namespace cli
