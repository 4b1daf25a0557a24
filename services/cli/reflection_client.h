// What a server's reflection tells. Coroutines, on any loop; no state.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/cli/schema.h"
#include "services/reflection/reflection.rpc.h"

namespace cli {

// For one question.
inline constexpr absl::Duration kReflectionTimeout = absl::Seconds(5);

// Its services and their methods. UNIMPLEMENTED with a sentence for a server without reflection.
rpc::Task<absl::StatusOr<reflection::ListReply>> AskNames(
    const rpc::Channel& channel, absl::Duration timeout = kReflectionTimeout);

// Adds the files that describe a symbol. NOT_FOUND when there is no such symbol.
rpc::Task<absl::Status> AskSymbol(const rpc::Channel& channel, std::string symbol, Schema* schema,
                                  absl::Duration timeout = kReflectionTimeout);

}  // namespace cli
