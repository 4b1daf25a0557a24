#include "services/shell/plan.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace shell {
namespace {

namespace fs = std::filesystem;

constexpr char kShell[] = "sh";

// In a sentence for the client: what it wrote may be long, and hold anything.
std::string Quoted(const std::string& text) {
  constexpr size_t kSizeMax = 200;
  const char* const rest = text.size() > kSizeMax ? "..." : "";
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kSizeMax)), rest, "\"");
}

bool IsListed(const ShellOptions& options, std::string_view command) {
  return std::ranges::find(options.commands, command) != options.commands.end();
}

absl::Status NotAllowed(const ShellOptions& options, const std::string& what) {
  return absl::PermissionDeniedError(absl::StrCat("this server does not run ", what, "; it runs ",
                                                  absl::StrJoin(options.commands, ", ")));
}

bool Matches(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

// Libraries read the files that these name: messages with format strings, time zones, terminals.
bool MayBePath(std::string_view value) {
  return value.starts_with('/') || value.starts_with(':') || value.starts_with('.') ||
         value.find("..") != std::string_view::npos;
}

absl::Status CheckVariable(const ShellOptions& options, const std::string& name,
                           const std::string& value) {
  const bool taken = std::ranges::any_of(
      options.variables, [&name](const std::string& pattern) { return Matches(name, pattern); });
  if (taken && name.find('=') == std::string::npos) {
    if (!MayBePath(value)) return absl::OkStatus();
    return absl::PermissionDeniedError(
        absl::StrCat("this server does not take ", Quoted(value), " for the variable ", name,
                     ": values of clients do not begin with / : or . and have no .. in them"));
  }
  return absl::PermissionDeniedError(absl::StrCat("this server does not take the variable ",
                                                  Quoted(name), " from clients; it takes ",
                                                  absl::StrJoin(options.variables, ", ")));
}

std::string OwnVariable(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return absl::StrCat(name, "=", value != nullptr ? value : otherwise);
}

std::string NameOf(const std::string& variable) { return variable.substr(0, variable.find('=')); }

// The later one of a name counts; each stands there once.
void Set(const std::string& variable, std::vector<std::string>* environment) {
  std::erase_if(*environment, [name = NameOf(variable)](const std::string& other) {
    return NameOf(other) == name;
  });
  environment->push_back(variable);
}

absl::StatusOr<std::vector<std::string>> FindEnvironment(const ShellOptions& options,
                                                         const Command& command) {
  std::vector<std::string> environment = {absl::StrCat("PATH=", absl::StrJoin(options.path, ":")),
                                          OwnVariable("HOME", "/"), OwnVariable("LANG", "C.UTF-8")};
  for (const std::string& variable : options.environment) Set(variable, &environment);
  for (const auto& [name, value] : command.environment()) {
    if (absl::Status s = CheckVariable(options, name, value); !s.ok()) return s;
    Set(absl::StrCat(name, "=", value), &environment);
  }
  return environment;
}

bool IsWithin(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

absl::Status NoDirectory(const std::string& named, const std::string& reason) {
  return absl::NotFoundError(
      absl::StrCat("no directory ", Quoted(named), " on the server: ", reason));
}

}  // namespace

absl::StatusOr<std::string> FindDirectory(const ShellOptions& options, const std::string& named) {
  std::error_code error;
  const fs::path root = fs::canonical(options.directory, error);
  if (error) return NoDirectory(options.directory, error.message());
  const fs::path path = fs::weakly_canonical(root / named, error);
  if (error) return NoDirectory(named, error.message());
  // Before it is told whether there is such a directory: outside that is nobody's business.
  if (!IsWithin(path, root)) {
    return absl::PermissionDeniedError(absl::StrCat("commands run in ", Quoted(root.string()),
                                                    " and below, not in ", Quoted(named)));
  }
  if (!fs::exists(path, error)) return NoDirectory(named, "it does not exist");
  if (!fs::is_directory(path, error)) return NoDirectory(named, "it is a file");
  return path.string();
}

bool IsShellAllowed(const ShellOptions& options) { return IsListed(options, kShell); }

absl::StatusOr<rpc::ProcessOptions> Plan(const ShellOptions& options, const Command& command) {
  const std::string name = command.use_shell() ? kShell : command.name();
  if (command.name().empty()) return absl::InvalidArgumentError("no command was named");
  if (!IsListed(options, name)) {
    return NotAllowed(options, command.use_shell() ? "commands for a shell" : Quoted(name));
  }
  absl::StatusOr<std::string> program = FindProgram(options, name);
  if (!program.ok()) return program.status();
  absl::StatusOr<std::string> directory = FindDirectory(options, command.directory());
  if (!directory.ok()) return directory.status();
  absl::StatusOr<std::vector<std::string>> environment = FindEnvironment(options, command);
  if (!environment.ok()) return environment.status();

  std::vector<std::string> arguments;
  if (command.use_shell()) arguments = {"-c", command.name(), kShell};
  arguments.insert(arguments.end(), command.arguments().begin(), command.arguments().end());
  return rpc::ProcessOptions{.command = *std::move(program),
                             .name = name,
                             .arguments = std::move(arguments),
                             .environment = *std::move(environment),
                             .directory = *std::move(directory)};
}

}  // namespace shell
