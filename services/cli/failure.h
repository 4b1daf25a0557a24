// How `rpc` tells what went wrong, and what to do about it; and its exit codes.
//
//     if (!reply.ok()) return Fail(reply.status());
//
//     rpc: cannot connect to tcp://127.0.0.1:7000: connection refused; is a server listening there?
//
// No state; any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cli {

// Files that cannot be read, output that nobody takes.
inline constexpr int kFailed = 1;
// Flags, arguments or addresses that make no sense.
inline constexpr int kUsageError = 2;
// A call, or connecting, ended with a status: this and its code, 65 for CANCELLED to 80 for
// UNAUTHENTICATED.
inline constexpr int kStatusBase = 64;
// Ctrl-C, as shells have it.
inline constexpr int kInterrupted = 130;

// 0 for OK.
int ExitCodeOf(const absl::Status& status);

// What a person can do about it, with "; " in front; empty when nothing is known.
std::string Advice(const absl::Status& status);

// `rpc: ` and the sentence of the status on stderr. A status that a server gave has its code in
// front. Returns ExitCodeOf.
int Fail(const absl::Status& status);

// The same with exit codes of their own, and without the code in front.
int FailHere(const absl::Status& status);
int UsageError(const absl::Status& status);

// What terminal::Printer or terminal::Output said. Nothing is told of a reader that has gone away,
// as of `rpc ls ... | head -1`; the exit code is that of FailHere.
int FailToPrint(const absl::Status& status);

// All of it on standard output: 0, or as FailToPrint.
int Print(std::string_view text);

}  // namespace cli
