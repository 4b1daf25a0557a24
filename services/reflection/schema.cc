#include "services/reflection/schema.h"

#include <algorithm>
#include <string>

#include "services/reflection/descriptor_files.h"

namespace reflection {

absl::Status Schema::Add(const FindReply& reply) {
  return AddFiles(reply.files(), absl::StatusCode::kInvalidArgument, &pool_);
}

const google::protobuf::MethodDescriptor* Schema::FindMethod(std::string_view name) const {
  std::string full_name(name);
  std::replace(full_name.begin(), full_name.end(), '/', '.');
  return pool_.FindMethodByName(full_name);
}

std::unique_ptr<google::protobuf::Message> Schema::New(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(type)->New());
}

}  // namespace reflection
