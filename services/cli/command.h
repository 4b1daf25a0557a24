// One subcommand of `rpc`, such as `rpc ls`.
//
//     class Ls final : public Command {
//       void Declare(terminal::Flags* flags) override { server_.Declare(flags); }
//       int Run(const terminal::Flags& flags) override { ... }
//     };
//
// Threads: one. Lifetime: made for one run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/terminal/flags.h"

namespace cli {

class Command {
 public:
  virtual ~Command() = default;

  // Its flags, how many arguments it takes, and examples. Called once, before Run.
  virtual void Declare(terminal::Flags* flags) = 0;

  // Returns the exit code: see failure.h.
  virtual int Run(const terminal::Flags& flags) = 0;
};

// What an argument is, for shells that complete it.
enum class Place : uint8_t { kAddress, kService, kSymbol, kMethod, kFile, kShell, kOther };

struct CommandEntry {
  std::string_view name;
  std::string_view takes;    // behind the name, as help shows it
  std::string_view summary;  // one line
  std::vector<Place> places;
  std::unique_ptr<Command> (*make)();

  std::string Usage() const { return "rpc " + std::string(name) + " " + std::string(takes); }
};

template <typename T>
std::unique_ptr<Command> Make() {
  return std::make_unique<T>();
}

}  // namespace cli
