#include "examples/shell/words.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace shell {
namespace {

// What a shell would make a pipe of, a redirection, or two commands.
bool IsOperator(char c) { return c == '|' || c == '<' || c == '>' || c == '&' || c == ';'; }

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Splitter {
 public:
  explicit Splitter(std::string_view line) : line_(line) {}

  absl::StatusOr<std::vector<std::string>> Split() {
    while (at_ < line_.size()) {
      if (absl::Status s = Take(line_[at_++]); !s.ok()) return s;
    }
    EndWord();
    return std::move(words_);
  }

 private:
  absl::Status Take(char c) {
    if (IsBlank(c)) {
      EndWord();
      return absl::OkStatus();
    }
    if (IsOperator(c)) return OperatorError(c);
    in_word_ = true;  // also one of quotes alone
    if (c == '\'' || c == '"') return TakeQuoted(c);
    if (c == '\\') return TakeEscaped();
    word_ += c;
    return absl::OkStatus();
  }

  absl::Status OperatorError(char c) const {
    return absl::InvalidArgumentError(
        absl::StrCat("the ", std::string(1, c), " at column ", at_,
                     " means nothing here: `! LINE` has a shell run the line, quotes keep the ",
                     std::string(1, c)));
  }

  void EndWord() {
    if (std::exchange(in_word_, false)) words_.push_back(std::exchange(word_, ""));
  }

  absl::Status TakeEscaped() {
    if (at_ == line_.size()) return absl::InvalidArgumentError("nothing follows the last \\");
    word_ += line_[at_++];
    return absl::OkStatus();
  }

  absl::Status TakeQuoted(char quote) {
    const size_t begin = at_;
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (c == quote) return absl::OkStatus();
      word_ += quote == '"' && c == '\\' ? TakeEscapedInQuotes() : c;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("the quote ", std::string(1, quote), " at column ", begin, " is not closed"));
  }

  char TakeEscapedInQuotes() {
    const bool special = at_ < line_.size() && (line_[at_] == '"' || line_[at_] == '\\');
    return special ? line_[at_++] : '\\';
  }

  const std::string_view line_;
  size_t at_ = 0;
  std::vector<std::string> words_;
  std::string word_;
  bool in_word_ = false;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitWords(std::string_view line) {
  return Splitter(line).Split();
}

}  // namespace shell
