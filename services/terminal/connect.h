// The channel that a program's flags --server and --ca ask for.
//
//     absl::StatusOr<rpc::Channel> channel = ChannelTo(options.server, options.ca);
//     if (!channel.ok()) return Complain("files", channel.status(), kUsageError);
//
// No state; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "rpc/rpc.h"

namespace terminal {

// Without `ca_file` a tls:// server's certificate has to come from a CA that the system trusts. An
// error tells what is wrong with the file, or that it is of no use with this address. An address
// that cannot be read is the first call's error, INVALID_ARGUMENT. `options.tls` is not looked at.
absl::StatusOr<rpc::Channel> ChannelTo(const std::string& server, const std::string& ca_file,
                                       rpc::ChannelOptions options = {});

}  // namespace terminal
