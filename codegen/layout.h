// Breaks C++ into lines of at most 100 columns the way clang-format does it with the Google style.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rpc::codegen {

inline constexpr size_t kColumnsMax = 100;

// A function's declaration, the head of its definition, or a call:
//
//   type name(argument, argument)end
struct Phrase {
  std::string type = "";  // empty for a call
  std::string name = "";
  std::vector<std::string> arguments = {};
  std::string end = ";";  // all that follows the closing bracket, except for a body
};

// The lines of the phrase, from `indent` on: on one line; else with the arguments below each other
// behind the bracket; else below the name; else with the type on a line of its own.
std::vector<std::string> Layout(const Phrase& phrase, size_t indent);

// A comment as lines from `indent` on; a longer line is broken between words.
std::vector<std::string> LayoutComment(const std::vector<std::string>& comment, size_t indent);

}  // namespace rpc::codegen
