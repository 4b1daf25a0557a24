#include "codegen/problems.h"

#include "google/protobuf/descriptor.pb.h"

namespace rpc::codegen {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::MethodDescriptor;
using google::protobuf::MethodDescriptorProto;
using google::protobuf::ServiceDescriptor;
using google::protobuf::ServiceDescriptorProto;

Path ServicePath(const ServiceDescriptor& service) {
  return {FileDescriptorProto::kServiceFieldNumber, service.index()};
}

Path MethodPath(const MethodDescriptor& method, int field) {
  Path path = ServicePath(*method.service());
  path.insert(path.end(), {ServiceDescriptorProto::kMethodFieldNumber, method.index(), field});
  return path;
}

}  // namespace

Path PackagePath() { return {FileDescriptorProto::kPackageFieldNumber}; }

Path GenericServicesPath() {
  return {FileDescriptorProto::kOptionsFieldNumber,
          google::protobuf::FileOptions::kCcGenericServicesFieldNumber};
}

Path NamePath(const ServiceDescriptor& service) {
  Path path = ServicePath(service);
  path.push_back(ServiceDescriptorProto::kNameFieldNumber);
  return path;
}

Path NamePath(const MethodDescriptor& method) {
  return MethodPath(method, MethodDescriptorProto::kNameFieldNumber);
}

Path RequestPath(const MethodDescriptor& method) {
  return MethodPath(method, MethodDescriptorProto::kInputTypeFieldNumber);
}

Path ReplyPath(const MethodDescriptor& method) {
  return MethodPath(method, MethodDescriptorProto::kOutputTypeFieldNumber);
}

void Problems::Add(const Path& place, const std::string& sentence) {
  google::protobuf::SourceLocation location;
  std::string line = file_.name() + ":";
  if (file_.GetSourceLocation(place, &location)) {
    line += std::to_string(location.start_line + 1) + ":";
    line += std::to_string(location.start_column + 1) + ":";
  }
  lines_.push_back(line + " " + sentence);
}

}  // namespace rpc::codegen
