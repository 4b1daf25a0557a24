// A C++ file that grows line by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codegen/layout.h"

namespace rpc::codegen {

class Text {
 public:
  // One line, from the current indent on; an empty one is blank.
  void Line(std::string_view line);

  // What each generated file begins with; `proto` is its source.
  void Title(const std::string& proto);

  void Include(const std::string& path);
  void Comment(const std::vector<std::string>& comment);

  // `left = right`, with `right` on a line of its own when it does not fit.
  void Assign(const std::string& left, const std::string& right);

  // Any bytes as literals below each other, continuing the line before, and `end` behind the last.
  void Literal(std::string_view bytes, const std::string& end);

  void Declare(const Phrase& phrase);

  // A function whose body is one statement, on one line where it fits.
  void Define(const Phrase& function, const Phrase& statement);

  // With the blank line before it; nothing for an empty name.
  void OpenNamespace(const std::string& name);
  void CloseNamespace(const std::string& name);

  // `line` and what follows up to the first public member.
  void OpenClass(const std::string& line);
  void Private();
  void CloseClass();

  void Indent(size_t columns) { indent_ += columns; }
  void Outdent(size_t columns) { indent_ -= columns; }

  const std::string& str() const { return text_; }

 private:
  void Append(const std::vector<std::string>& lines);

  size_t indent_ = 0;
  std::string text_;
};

}  // namespace rpc::codegen
