// The method that a command calls: where its types come from, and what goes with each call.
//
//     MethodFlags method;
//     method.Declare(flags);
//     absl::StatusOr<MethodTarget> target = method.Find(channel, "echo.Echo/Say");
//     absl::StatusOr<rpc::Metadata> metadata = method.metadata();
//
// Threads: one, without a loop.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/cli/schema.h"
#include "services/terminal/flags.h"

namespace cli {

struct MethodTarget {
  Schema schema;
  const google::protobuf::MethodDescriptor* method = nullptr;  // of the schema
  std::string wire_name = {};

  bool request_stream() const { return method->client_streaming(); }
  bool reply_stream() const { return method->server_streaming(); }
};

class MethodFlags {
 public:
  void Declare(terminal::Flags* flags);

  // From the .proto files that were named, else from the server's reflection, which has `timeout`
  // to answer, and 5 s at most. NOT_FOUND names the methods that there are.
  absl::StatusOr<MethodTarget> Find(const rpc::Channel& channel, const std::string& name,
                                    absl::Duration timeout = absl::InfiniteDuration()) const;
  // Whether .proto files were named: then nobody is asked.
  bool has_files() const { return !files_.empty(); }

  // INVALID_ARGUMENT for what is not KEY=VALUE, and for what no call may carry.
  absl::StatusOr<rpc::Metadata> metadata() const;

 private:
  std::vector<std::string> files_;
  std::vector<std::string> folders_;
  std::vector<std::string> metadata_;
};

}  // namespace cli
