// What is wrong with a .proto file, said the way protoc says it: "a/b.proto:3:7: sentence".
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace rpc::codegen {

// Paths into a FileDescriptorProto: field numbers and indices, see SourceCodeInfo.
using Path = std::vector<int>;

Path PackagePath();
Path GenericServicesPath();
Path NamePath(const google::protobuf::ServiceDescriptor& service);
Path NamePath(const google::protobuf::MethodDescriptor& method);
Path RequestPath(const google::protobuf::MethodDescriptor& method);
Path ReplyPath(const google::protobuf::MethodDescriptor& method);

class Problems {
 public:
  // Both outlive the object; what is added goes to the end of `lines`.
  Problems(const google::protobuf::FileDescriptor& file, std::vector<std::string>& lines)
      : file_(file), lines_(lines) {}

  void Add(const Path& place, const std::string& sentence);

 private:
  const google::protobuf::FileDescriptor& file_;
  std::vector<std::string>& lines_;
};

}  // namespace rpc::codegen
