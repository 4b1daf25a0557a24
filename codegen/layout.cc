#include "codegen/layout.h"

#include <algorithm>

namespace rpc::codegen {
namespace {

using Lines = std::vector<std::string>;

constexpr size_t kContinuation = 4;

std::string Blanks(size_t count) { return std::string(count, ' '); }

// Code points of UTF-8, not bytes.
size_t Columns(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

bool Fits(const Lines& lines) {
  return std::all_of(lines.begin(), lines.end(),
                     [](const std::string& line) { return Columns(line) <= kColumnsMax; });
}

// Appends the words to the last of the lines; one that does not fit begins a line at `indent`.
void Fill(const Lines& words, size_t indent, Lines& lines) {
  for (const std::string& word : words) {
    std::string& line = lines.back();
    const bool first = line.find_first_not_of(' ') == std::string::npos || line.ends_with('(');
    const std::string longer = line + (first ? "" : " ") + word;
    if (first || Columns(longer) <= kColumnsMax) {
      line = longer;
    } else {
      lines.push_back(Blanks(indent) + word);
    }
  }
}

// The arguments, each with what follows it.
Lines Words(const Phrase& phrase) {
  Lines words = phrase.arguments;
  for (size_t i = 0; i + 1 < words.size(); ++i) words[i] += ",";
  if (words.empty()) words.emplace_back();
  words.back() += ")" + phrase.end;
  return words;
}

// name(argument,
//      argument);
Lines Beside(const std::string& head, const Phrase& phrase) {
  Lines lines = {head + "("};
  Fill(Words(phrase), Columns(lines[0]), lines);
  return lines;
}

// name(
//     argument, argument);
Lines Below(const std::string& head, const Phrase& phrase, size_t indent) {
  Lines lines = {head + "(", Blanks(indent + kContinuation)};
  Fill(Words(phrase), indent + kContinuation, lines);
  return lines;
}

// A line that is too long: broken before the name of a parameter or, when its type does not fit
// either, behind the comma in angle brackets.
Lines Broken(const std::string& line) {
  if (Fits({line})) return {line};
  const std::string deeper = Blanks(line.find_first_not_of(' ') + kContinuation);
  const size_t name = line.rfind("& ");
  if (name != std::string::npos && Fits({line.substr(0, name + 1)})) {
    return {line.substr(0, name + 1), deeper + line.substr(name + 2)};
  }
  const size_t comma = line.rfind(", ");
  if (comma == std::string::npos) return {line};
  const std::string rest = Blanks(line.find('<') + 1) + line.substr(comma + 2);
  if (Fits({rest}) || name == std::string::npos) return {line.substr(0, comma + 1), rest};
  const size_t rest_name = rest.rfind("& ");
  return {line.substr(0, comma + 1), rest.substr(0, rest_name + 1),
          deeper + rest.substr(rest_name + 2)};
}

Lines Broken(const Lines& lines) {
  Lines broken;
  for (const std::string& line : lines) {
    for (std::string& part : Broken(line)) broken.push_back(std::move(part));
  }
  return broken;
}

}  // namespace

Lines Layout(const Phrase& phrase, size_t indent) {
  const bool is_call = phrase.type.empty();
  const std::string type = is_call ? "" : phrase.type + " ";
  const std::string head = Blanks(indent) + type + phrase.name;
  const Lines beside = Beside(head, phrase);
  const Lines below = Below(head, phrase, indent);
  if (Fits(beside) && (!is_call || beside.size() <= below.size())) return beside;
  if (is_call || Fits({below[0]})) return Broken(below);
  Lines lines = Broken(Blanks(indent) + phrase.type);
  for (std::string& line : Layout({"", phrase.name, phrase.arguments, phrase.end}, indent)) {
    lines.push_back(std::move(line));
  }
  return lines;
}

Lines LayoutComment(const Lines& comment, size_t indent) {
  const std::string start = Blanks(indent) + "//";
  Lines lines;
  for (const std::string& text : comment) {
    std::string line = text.empty() ? start : start + " " + text;
    while (Columns(line) > kColumnsMax) {
      // Columns are never more than bytes, so that the blank found is left of the limit.
      const size_t words = line.find_first_not_of("/ ");
      size_t blank = line.rfind(' ', kColumnsMax);
      if (blank < words) blank = line.find(' ', words);
      if (blank == std::string::npos) break;
      lines.push_back(line.substr(0, blank));
      line = start + " " + line.substr(blank + 1);
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace rpc::codegen
