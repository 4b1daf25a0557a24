#include "services/shell/shell_options.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace shell {
namespace {

namespace fs = std::filesystem;

bool IsAbsolute(std::string_view path) { return path.starts_with('/'); }

bool IsCommand(std::string_view name) {
  return !name.empty() && (IsAbsolute(name) || name.find('/') == std::string_view::npos);
}

// What metadata can carry, and no blank to go astray.
bool IsTokenCharacter(char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); }

absl::Status CheckToken(const std::string& token) {
  if (token.size() < kTokenSizeMin) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the token has ", token.size(), " characters; it needs ", kTokenSizeMin, " at least"));
  }
  if (!std::ranges::all_of(token, IsTokenCharacter)) {
    return absl::InvalidArgumentError("the token has a character that is no printable ASCII");
  }
  return absl::OkStatus();
}

absl::Status CheckCommands(const std::vector<std::string>& commands) {
  if (commands.empty()) return absl::InvalidArgumentError("no command is allowed");
  const auto bad = std::ranges::find_if_not(commands, IsCommand);
  if (bad == commands.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a command is a name without a slash or an absolute path, not \"", *bad, "\""));
}

bool IsProgram(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

absl::Status CheckPrograms(const ShellOptions& options) {
  for (const std::string& name : options.commands) {
    if (IsAbsolute(name) && !IsProgram(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" is listed as a command and is no program that can be run"));
    }
    if (!FindProgram(options, name).ok()) {
      return absl::InvalidArgumentError(absl::StrCat("\"", name,
                                                     "\" is listed as a command and is not in ",
                                                     absl::StrJoin(options.path, ", ")));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLimits(const ShellOptions& options) {
  if (options.time_max <= absl::ZeroDuration() || options.output_size_max == 0 ||
      options.processes_max == 0) {
    return absl::InvalidArgumentError("the limits on time, output and processes are above 0");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckOptions(const ShellOptions& options) {
  if (absl::Status s = CheckCommands(options.commands); !s.ok()) return s;
  if (absl::Status s = CheckToken(options.token); !s.ok()) return s;
  if (absl::Status s = CheckLimits(options); !s.ok()) return s;
  if (options.path.empty() || !std::ranges::all_of(options.path, IsAbsolute)) {
    return absl::InvalidArgumentError("the path for commands is a list of absolute folders");
  }
  std::error_code error;
  if (!fs::is_directory(options.directory, error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the directory for commands, \"", options.directory, "\", is none"));
  }
  return CheckPrograms(options);
}

absl::StatusOr<std::string> FindProgram(const ShellOptions& options, const std::string& name) {
  if (IsAbsolute(name)) return name;
  for (const std::string& folder : options.path) {
    const fs::path path = fs::path(folder) / name;
    if (IsProgram(path)) return path.string();
  }
  return absl::NotFoundError(
      absl::StrCat("the server has no \"", name, "\" in ", absl::StrJoin(options.path, ", ")));
}

}  // namespace shell
