// What a call brought besides its messages, for a person. No state; any thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "rpc/rpc.h"
#include "services/cli/conversation.h"
#include "services/cli/method_flags.h"
#include "services/cli/schema.h"

namespace cli {

// The details of a status, a line each: in JSON where the schema has their type. Empty without any.
std::string DetailsText(const absl::Status& status, const Schema& schema);

// What was sent with a call, what came back, and how long it took.
std::string VerboseText(const MethodTarget& target, const rpc::Metadata& sent,
                        const ConversationEnd& end);

}  // namespace cli
