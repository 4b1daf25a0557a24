// Message types that are known only while the program runs: from a server's reflection, or from
// .proto files.
//
//     Schema schema;
//     if (absl::Status s = schema.Add(reply); !s.ok()) ...        // as reflection gives them
//     absl::StatusOr<Schema> schema = Schema::FromFiles({"echo.proto"}, {"protos"});
//
//     const MethodDescriptor* method = schema.FindMethod("echo.Echo/Say");
//     absl::StatusOr<std::string> bytes = schema.FromJson(method->input_type(), json);
//     absl::StatusOr<std::string> json = schema.ToJson(method->output_type(), *bytes, {});
//
// JSON is what protobuf's own json_util reads and writes. Threads: one at a time. Lifetime:
// descriptors live as long as the schema.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "services/reflection/reflection.pb.h"

namespace cli {

// How messages are written as JSON.
struct JsonLook {
  bool pretty = false;    // over several lines
  bool defaults = false;  // also fields that have their default
};

class Schema {
 public:
  Schema();
  ~Schema();
  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;

  // From files as they are written, and all that they import, which is looked for in `folders`,
  // then beside the files, then among those that come with protobuf. INVALID_ARGUMENT names the
  // file, line and what is wrong.
  static absl::StatusOr<Schema> FromFiles(const std::vector<std::string>& files,
                                          const std::vector<std::string>& folders);

  // What a server's reflection gave, as reflection::AddFiles takes it; DATA_LOSS for what cannot be
  // used.
  absl::Status Add(const reflection::FindReply& reply);

  const google::protobuf::DescriptorPool& pool() const;

  // `package.Service/Method` or `package.Service.Method`; null when there is none.
  const google::protobuf::MethodDescriptor* FindMethod(std::string_view name) const;

  // The encoding of a message; INVALID_ARGUMENT tells what is wrong with the JSON.
  absl::StatusOr<std::string> FromJson(const google::protobuf::Descriptor* type,
                                       std::string_view json) const;
  absl::StatusOr<std::string> ToJson(const google::protobuf::Descriptor* type,
                                     const std::string& bytes, const JsonLook& look) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// `package.Service/Method`, as it goes over the wire.
std::string WireName(const google::protobuf::MethodDescriptor& method);

}  // namespace cli
