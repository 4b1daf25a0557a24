#include "services/terminal/flags.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/terminal/printer.h"
#include "services/terminal/program.h"

namespace terminal {
namespace {

constexpr size_t kHelpColumnMax = 28;
constexpr size_t kHelpWidth = 80;

absl::Status Bad(const std::string& sentence) { return absl::InvalidArgumentError(sentence); }

std::string Quoted(const std::string& value) { return absl::StrCat("\"", value, "\""); }

// A flag's name as it is declared, from `--client-ca=FILE`.
std::string NameIn(const std::string& argument) {
  std::string name = argument.substr(2, argument.find('=') - 2);
  std::ranges::replace(name, '-', '_');
  return name;
}

std::string Dashed(std::string_view name) { return "--" + std::string(name); }

// One line, broken between words so that none ends behind the column kHelpWidth where that can be.
// It begins in the column `begin`, and what follows its breaks in the column `indent`.
std::string WrappedLine(std::string_view line, size_t begin, size_t indent) {
  std::string wrapped;
  size_t column = begin;
  while (!line.empty()) {
    const size_t word = std::min(line.find_first_not_of(' '), line.size());
    const size_t end = std::min(line.find(' ', word), line.size());
    if (column > indent && column + end > kHelpWidth) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
      line.remove_prefix(word);
    } else {
      wrapped += line.substr(0, end);
      column += end;
      line.remove_prefix(end);
    }
  }
  return wrapped;
}

// Its line ends stay. All lines but the first begin in the column `indent`, which is where the
// first is to be put.
std::string Wrapped(std::string_view text, size_t indent) {
  std::string wrapped;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    wrapped += WrappedLine(text.substr(0, end), indent, indent) + "\n" + std::string(indent, ' ');
    text.remove_prefix(end + 1);
  }
  return wrapped + WrappedLine(text, indent, indent);
}

// Of paragraphs and lists: what a line is broken into begins below its first word. What is indented
// below `Examples:` is for copying, and stays as it is.
std::string WrappedFooter(std::string_view text) {
  std::string wrapped;
  bool in_examples = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (indent == 0) in_examples = line == "Examples:" || (in_examples && line.empty());
    wrapped += std::string(indent, ' ');
    wrapped += in_examples ? std::string(line.substr(indent))
                           : WrappedLine(line.substr(indent), indent, indent);
    wrapped += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return wrapped;
}

std::string ByDefault(const std::string& initial) {
  return initial.empty() ? "" : absl::StrCat("; ", initial, " by default");
}

}  // namespace

Flags::Flags(std::string usage, std::string about)
    : usage_(std::move(usage)), about_(std::move(about)) {}

void Flags::Text(std::string name, std::string takes, std::string help, std::string* variable) {
  const auto read = [=](const std::string& value) {
    *variable = value;
    return absl::OkStatus();
  };
  Add({.name = name, .takes = takes, .help = help, .initial = *variable, .read = read});
}

void Flags::Texts(std::string name, std::string takes, std::string help,
                  std::vector<std::string>* variable) {
  const auto read = [=](const std::string& value) {
    variable->push_back(value);
    return absl::OkStatus();
  };
  Add({.name = name, .takes = takes, .help = help, .read = read});
}

void Flags::Number(std::string name, int64_t min, int64_t max, std::string help,
                   int64_t* variable) {
  const auto read = [=](const std::string& value) {
    int64_t number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < min || number > max) {
      return Bad(absl::StrCat(Dashed(name), " takes a whole number from ", min, " to ", max,
                              ", not ", Quoted(value)));
    }
    *variable = number;
    return absl::OkStatus();
  };
  Add({.name = name, .takes = "N", .help = help, .initial = absl::StrCat(*variable), .read = read});
}

void Flags::Duration(std::string name, std::string help, absl::Duration* variable) {
  const auto read = [=](const std::string& value) {
    absl::Duration duration;
    if (!absl::ParseDuration(value, &duration) || duration <= absl::ZeroDuration()) {
      return Bad(absl::StrCat(Dashed(name), " takes a time such as 500ms, 2s or 1m30s, not ",
                              Quoted(value)));
    }
    *variable = duration;
    return absl::OkStatus();
  };
  Add({.name = name,
       .takes = "TIME",
       .help = help,
       .initial = absl::FormatDuration(*variable),
       .read = read});
}

void Flags::Bool(std::string name, std::string help, bool* variable) {
  const auto read = [=](const std::string& value) {
    if (value != "true" && value != "false") {
      return Bad(
          absl::StrCat(Dashed(name), " takes true or false, or nothing, not ", Quoted(value)));
    }
    *variable = value == "true";
    return absl::OkStatus();
  };
  Add({.name = name, .help = help, .initial = *variable ? "true" : "", .read = read});
}

void Flags::Add(Flag flag) {
  if (Find(flag.name) != nullptr) throw std::logic_error("two flags are called " + flag.name);
  flags_.push_back(std::move(flag));
}

void Flags::Short(char letter, std::string_view name) {
  Flag* const flag = Find(name);
  if (flag == nullptr) throw std::logic_error("no flag is called " + std::string(name));
  flag->letter = letter;
}

void Flags::Arguments(size_t min, size_t max) {
  arguments_min_ = min;
  arguments_max_ = max;
}

Flags::Flag* Flags::Find(std::string_view name) {
  const auto found = std::ranges::find(flags_, name, &Flag::name);
  return found == flags_.end() ? nullptr : &*found;
}

Flags::Flag* Flags::FindShort(const std::string& argument) {
  if (argument.size() < 2 || argument.starts_with("--")) return nullptr;
  const auto found = std::ranges::find(flags_, argument[1], &Flag::letter);
  return found == flags_.end() ? nullptr : &*found;
}

std::string Flags::TakenBy(const std::string& typed) const {
  const bool is_long = typed.starts_with("--");
  const bool is_letter = !is_long && typed.size() >= 2 && typed[0] == '-';
  if (!is_long && !is_letter) return "";
  const auto found = is_long ? std::ranges::find(flags_, NameIn(typed), &Flag::name)
                             : std::ranges::find(flags_, typed[1], &Flag::letter);
  return found == flags_.end() ? "" : found->takes;
}

std::vector<std::string> Flags::Spellings() const {
  std::vector<std::string> spellings;
  for (const Flag& flag : flags_) {
    spellings.push_back(Dashed(flag.name) + (flag.takes.empty() ? "" : "="));
  }
  spellings.push_back("--help");
  return spellings;
}

bool Flags::given(std::string_view name) const {
  const auto found = std::ranges::find(flags_, name, &Flag::name);
  if (found == flags_.end()) throw std::logic_error("no flag is called " + std::string(name));
  return found->given;
}

absl::Status Flags::Parse(int argc, const char* const* argv) {
  bool flags_ended = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (flags_ended || !argument.starts_with('-') || argument == "-") {
      arguments_.push_back(argument);
      flags_ended |= ends_at_first_argument_;
    } else if (argument == "--") {
      flags_ended = true;
    } else {
      const char* const next = i + 1 < argc ? argv[i + 1] : nullptr;
      bool took_next = false;
      const absl::Status status = ReadFlag(argument, next, &took_next);
      if (!status.ok()) return status;
      if (took_next) ++i;
    }
  }
  return help_ ? absl::OkStatus() : CheckArguments();
}

absl::Status Flags::ReadFlag(const std::string& argument, const char* next, bool* took_next) {
  if (argument == "--help" || argument == "-h") {
    help_ = true;
    return absl::OkStatus();
  }
  if (FindShort(argument) != nullptr) return ReadShort(argument, next, took_next);
  Flag* const flag = argument.starts_with("--") ? Find(NameIn(argument)) : nullptr;
  if (flag == nullptr) {
    return Bad(absl::StrCat("unknown flag ", argument.substr(0, argument.find('=')),
                            "; --help tells which there are"));
  }
  const size_t equals = argument.find('=');
  *took_next = equals == std::string::npos && !flag->takes.empty() && next != nullptr &&
               std::strncmp(next, "--", 2) != 0;
  std::string value;
  if (*took_next) {
    value = next;
  } else if (equals != std::string::npos) {
    value = argument.substr(equals + 1);
  } else if (flag->takes.empty()) {
    value = "true";
  }
  return ReadValue(flag, value);
}

absl::Status Flags::ReadShort(const std::string& argument, const char* next, bool* took_next) {
  Flag* const flag = FindShort(argument);
  std::string value = argument.substr(2);
  if (flag->takes.empty() && !value.empty()) {
    return Bad(
        absl::StrCat("-", std::string(1, flag->letter), " takes nothing, but got ", Quoted(value)));
  }
  *took_next = value.empty() && !flag->takes.empty() && next != nullptr;
  if (*took_next) value = next;
  return ReadValue(flag, flag->takes.empty() ? "true" : value);
}

absl::Status Flags::ReadValue(Flag* flag, const std::string& value) {
  if (value.empty() && !flag->takes.empty()) {
    return Bad(absl::StrCat(Dashed(flag->name), " takes ", flag->takes, " behind it, as in ",
                            Dashed(flag->name), "=", flag->takes, "; it got nothing"));
  }
  flag->given = true;
  return flag->read(value);
}

absl::Status Flags::CheckArguments() const {
  const size_t count = arguments_.size();
  if (count > arguments_max_) {
    return Bad(absl::StrCat("unexpected argument ", Quoted(arguments_[arguments_max_]),
                            "; usage: ", usage_, "; --help tells more"));
  }
  if (count < arguments_min_) {
    return Bad(absl::StrCat("too few arguments: ", count, " of at least ", arguments_min_,
                            "; usage: ", usage_, "; --help tells more"));
  }
  return absl::OkStatus();
}

std::string Flags::HelpText() const {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Flag& flag : flags_) {
    const std::string value = flag.takes.empty() ? "" : "=" + flag.takes;
    const std::string letter = flag.letter == 0 ? "" : std::string{'-', flag.letter, ',', ' '};
    rows.emplace_back(letter + Dashed(flag.name) + value, flag.help + ByDefault(flag.initial));
  }
  rows.emplace_back("--help", "this text");
  size_t column = 0;
  for (const auto& [flag, help] : rows) {
    if (flag.size() + 4 <= kHelpColumnMax) column = std::max(column, flag.size() + 4);
  }
  std::string text = absl::StrCat("usage: ", usage_, "\n", Wrapped(about_, 0), "\n\n");
  for (const auto& [flag, help] : rows) {
    std::string line = "  " + flag;
    // One that is too long stands alone, its help below.
    if (line.size() + 2 > column) line += "\n" + std::string(column, ' ');
    line.resize(std::max(line.size(), column), ' ');
    absl::StrAppend(&text, line, Wrapped(help, column), "\n");
  }
  return footer_.empty() ? text : absl::StrCat(text, "\n", WrappedFooter(footer_));
}

int Flags::PrintHelp() const {
  const absl::Status printed = Print(HelpText());
  if (printed.ok()) return 0;
  return Complain(usage_.substr(0, usage_.find(' ')), printed, 1);
}

}  // namespace terminal
