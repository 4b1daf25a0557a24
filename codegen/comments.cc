#include "codegen/comments.h"

#include <sstream>
#include <string_view>

namespace rpc::codegen {
namespace {

constexpr std::string_view kTab = "    ";

// Where the mark for the direction of text is that begins at `at`: U+202A to U+202E and U+2066 to
// U+2069 in UTF-8, of three bytes each.
bool IsDirectionMark(std::string_view text, size_t at) {
  const std::string_view mark = text.substr(at, 3);
  return (mark >= "\xE2\x80\xAA" && mark <= "\xE2\x80\xAE") ||
         (mark >= "\xE2\x81\xA6" && mark <= "\xE2\x81\xA9");
}

std::string Printable(std::string_view line) {
  std::string printable;
  for (size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    if (c == '\t') {
      printable += kTab;
    } else if (IsDirectionMark(line, i)) {
      i += 2;
    } else if (c >= ' ' && c != '\x7F') {
      printable += line[i];
    }
  }
  return printable;
}

std::string CommentLine(std::string_view raw) {
  std::string line = Printable(raw);
  if (line.starts_with(' ')) line.erase(0, 1);
  line.erase(line.find_last_not_of(' ') + 1);
  // The trigraph stands for a backslash.
  if (line.ends_with('\\') || line.ends_with("?\?/")) line += '.';
  return line;
}

template <typename Descriptor>
std::vector<std::string> CommentOfAny(const Descriptor& descriptor) {
  google::protobuf::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return {};
  const bool above = !location.leading_comments.empty();
  return CommentLines(above ? location.leading_comments : location.trailing_comments);
}

}  // namespace

std::vector<std::string> CommentOf(const google::protobuf::ServiceDescriptor& service) {
  return CommentOfAny(service);
}

std::vector<std::string> CommentOf(const google::protobuf::MethodDescriptor& method) {
  return CommentOfAny(method);
}

std::vector<std::string> CommentLines(const std::string& text) {
  std::vector<std::string> lines;
  // A comment that begins with /** has one star too many.
  std::istringstream in(text.starts_with("*") ? text.substr(1) : text);
  for (std::string raw; std::getline(in, raw);) {
    std::string line = CommentLine(raw);
    if (!line.empty() || !lines.empty()) lines.push_back(std::move(line));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace rpc::codegen
