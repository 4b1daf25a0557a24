// What a server lets its clients run.
//
//     shell::ShellOptions options = {.commands = {"ls", "cat"}};
//     if (absl::Status s = shell::ReadToken("/etc/shell_token", &options.token); !s.ok()) ...
//     if (absl::Status s = shell::CheckOptions(options); !s.ok()) return rpc::Fail(s);
//     server.Add(std::make_shared<shell::ShellService>(options));
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/shell/token.h"  // IWYU pragma: export

namespace shell {

struct ShellOptions {
  // Names without a slash, which are looked up in `path`, and absolute paths, which clients have to
  // write just so. A list with `sh` in it allows everything: that is also what `use_shell` needs.
  std::vector<std::string> commands = {};

  // What clients have to show. At least kTokenSizeMin characters: it is all that stands between a
  // network and the commands.
  std::string token = {};

  // Where names are looked up, and the PATH of the commands. The client's is never looked at.
  std::vector<std::string> path = {"/usr/local/bin", "/usr/bin", "/bin"};

  // Where commands start. Clients may name a folder below it, and none outside. Not a jail: a
  // command opens what it likes.
  std::string directory = ".";

  // Given to every command, as NAME=value, besides PATH, HOME and LANG.
  std::vector<std::string> environment = {};

  // Variables that a client may set; a `*` at the end stands for any rest. None of these changes
  // which code is run, as PATH, LD_PRELOAD, BASH_ENV or EDITOR would, nor which files are read:
  // values that could be paths are refused. LANGUAGE chooses files with format strings in them.
  std::vector<std::string> variables = {"LANG",    "LC_*",  "TZ",      "TERM",
                                        "COLUMNS", "LINES", "NO_COLOR"};

  // For a command, and as long again for its client to read what it has left. An hour is more than
  // a person waits for, and an end to what hangs.
  absl::Duration time_max = absl::Hours(1);

  // Standard output and error together. What streams costs the server no memory: this is an end to
  // what runs away.
  uint64_t output_size_max = 10'000'000'000;

  // At once, of all clients, each until its output is read. Each costs a process or more, three
  // descriptors and up to 200 kB in pipes.
  size_t processes_max = 32;
};

constexpr size_t kTokenSizeMin = 16;

// What is wrong with them: INVALID_ARGUMENT. It looks at files: a command that is not there is
// wrong.
absl::Status CheckOptions(const ShellOptions& options);

// The file of a command that is listed: for a name the first program in `path` that is called so;
// NOT_FOUND if there is none. An absolute path is its own.
absl::StatusOr<std::string> FindProgram(const ShellOptions& options, const std::string& name);

}  // namespace shell
