// The flags of a program, as a table that reads them and explains them.
//
//     std::string server = "tcp://127.0.0.1:7000";
//     int64_t threads = 1;
//     bool quiet = false;
//     Flags flags("files [FLAGS] COMMAND [NAME]...", "Copies files to and from a server.");
//     flags.Text("server", "ADDRESS", "where the server listens", &server);
//     flags.Number("threads", 1, 1024, "how many", &threads);
//     flags.Bool("quiet", "says nothing", &quiet);
//     flags.Short('q', "quiet");
//     flags.Arguments(1, Flags::kAnyNumber);
//     flags.Footer("Examples:\n  files ls /\n");
//     if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return Complain("files", s, 2);
//     if (flags.help()) return flags.PrintHelp();
//
// --name=value or --name value; --name, --name=true or --name=false for a bool; - and _ in a name
// are the same; -nvalue or -n value for one that has a letter. `--` ends the flags; everything else
// is an argument, as is `-`. Errors are INVALID_ARGUMENT with a sentence that names the flag, the
// value and what it takes. Help tells the value that each variable has when its flag is declared as
// the default, and is broken between words at 80 columns; line ends of the texts stay, and what is
// indented below a line `Examples:` is not broken.
//
// Threads: one at a time. Lifetime: the variables outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace terminal {

class Flags {
 public:
  static constexpr size_t kAnyNumber = SIZE_MAX;

  // `usage` is the line behind "usage: ", `about` says what the program does.
  Flags(std::string usage, std::string about);

  // Each flag has a name without its dashes, what it takes as help shows it (FILE), and what it is
  // for, which may be of several lines.

  // Any text but an empty one.
  void Text(std::string name, std::string takes, std::string help, std::string* variable);
  // May be given more than once.
  void Texts(std::string name, std::string takes, std::string help,
             std::vector<std::string>* variable);
  // A whole number from `min` to `max`.
  void Number(std::string name, int64_t min, int64_t max, std::string help, int64_t* variable);
  // 500ms, 2s, 1m30s; more than nothing.
  void Duration(std::string name, std::string help, absl::Duration* variable);
  void Bool(std::string name, std::string help, bool* variable);

  // A letter for a flag that was declared: -q.
  void Short(char letter, std::string_view name);

  // How many arguments there may be; none unless this is called.
  void Arguments(size_t min, size_t max);
  // Everything from the first argument on is an argument: `shell --server=X ls --all`.
  void EndAtFirstArgument() { ends_at_first_argument_ = true; }
  // Ends the help text: examples, what else there is to say.
  void Footer(std::string text) { footer_ = std::move(text); }

  // INVALID_ARGUMENT tells the first thing that is wrong; what was read before holds then. With
  // --help, or -h, nothing is wrong.
  absl::Status Parse(int argc, const char* const* argv);

  const std::vector<std::string>& arguments() const { return arguments_; }
  // Whether this flag was given. REQUIRES: it was declared.
  bool given(std::string_view name) const;

  // All of them as they are typed, with a = behind those that take something.
  std::vector<std::string> Spellings() const;
  // What the flag takes that is typed like this, with or without something behind it: FILE for
  // --ca, --ca=a.pem, -cx. Empty for one that takes nothing, or that is not known.
  std::string TakenBy(const std::string& typed) const;

  bool help() const { return help_; }
  std::string HelpText() const;
  // To stdout; returns the exit code: not 0, and a sentence on stderr, when nobody could read it.
  int PrintHelp() const;

 private:
  struct Flag {
    std::string name = {};
    char letter = 0;         // none
    std::string takes = {};  // empty for a bool
    std::string help = {};
    std::string initial = {};  // what the variable was, for the help
    std::function<absl::Status(const std::string& value)> read = {};
    bool given = false;
  };

  void Add(Flag flag);
  Flag* Find(std::string_view name);
  // What `-q` means; null when nothing.
  Flag* FindShort(const std::string& argument);
  // `next` is the argument behind it, or null.
  absl::Status ReadFlag(const std::string& argument, const char* next, bool* took_next);
  absl::Status ReadShort(const std::string& argument, const char* next, bool* took_next);
  absl::Status ReadValue(Flag* flag, const std::string& value);
  absl::Status CheckArguments() const;

  std::string usage_;
  std::string about_;
  std::string footer_;
  std::vector<Flag> flags_;
  std::vector<std::string> arguments_;
  size_t arguments_min_ = 0;
  size_t arguments_max_ = 0;
  bool ends_at_first_argument_ = false;
  bool help_ = false;
};

}  // namespace terminal
