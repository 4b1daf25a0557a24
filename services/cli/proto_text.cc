#include "services/cli/proto_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace cli {
namespace {

namespace protobuf = google::protobuf;

template <typename T>
std::string TextOf(const T* found) {
  protobuf::DebugStringOptions options;
  options.include_comments = true;
  return found == nullptr ? "" : found->DebugStringWithOptions(options);
}

std::string SymbolText(const protobuf::DescriptorPool& pool, const std::string& name) {
  std::string text = TextOf(pool.FindServiceByName(name));
  if (text.empty()) text = TextOf(pool.FindMethodByName(name));
  if (text.empty()) text = TextOf(pool.FindMessageTypeByName(name));
  if (text.empty()) text = TextOf(pool.FindEnumTypeByName(name));
  if (text.empty()) text = TextOf(pool.FindFieldByName(name));
  if (text.empty()) text = TextOf(pool.FindOneofByName(name));
  if (text.empty()) text = TextOf(pool.FindExtensionByName(name));
  if (text.empty()) text = TextOf(pool.FindEnumValueByName(name));
  return text;
}

bool IsOfName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Descriptors write .echo.SayRequest, where a person writes echo.SayRequest.
std::string WithoutLeadingDots(std::string_view line) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool begins = i == 0 || line[i - 1] == ' ' || line[i - 1] == '(' || line[i - 1] == '<';
    const bool names = i + 1 < line.size() && IsOfName(line[i + 1]);
    if (line[i] == '.' && begins && names) continue;
    out += line[i];
  }
  return out;
}

bool IsComment(std::string_view line) {
  return line.substr(std::min(line.find_first_not_of(' '), line.size())).starts_with("//");
}

// Each line of `text` as `change` has it.
template <typename F>
std::string ByLine(std::string_view text, F change) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    absl::StrAppend(&out, change(text.substr(0, end)), "\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string ProtoText(const Schema& schema, std::string_view symbol, bool whole_file) {
  std::string name(symbol.substr(symbol.starts_with('.') ? 1 : 0));
  if (const size_t slash = name.rfind('/'); slash != std::string::npos) name[slash] = '.';
  std::string text;
  if (whole_file) {
    text = TextOf(schema.pool().FindFileContainingSymbol(name));
  } else {
    text = SymbolText(schema.pool(), name);
  }
  return ByLine(text, [](std::string_view line) {
    // A comment may hold anything.
    return IsComment(line) ? std::string(line) : WithoutLeadingDots(line);
  });
}

std::string PaintedProto(std::string_view text, const Style& style) {
  return ByLine(text, [&style](std::string_view line) {
    return IsComment(line) ? style.Blue(line) : std::string(line);
  });
}

}  // namespace cli
