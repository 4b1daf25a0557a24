// What a server serves, as descriptors with the comments that generated code keeps: what is behind
// the reflection service.
//
// Threads: made once, and after that only read.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "rpc/rpc.h"
#include "services/reflection/reflection.rpc.h"

namespace reflection {

class Catalog {
 public:
  explicit Catalog(const rpc::Server& server);

  const ListReply& services() const { return services_; }

  // `package.Service/Method`, or any full name of protobuf's.
  absl::StatusOr<FindReply> FindSymbol(std::string_view symbol) const;
  absl::StatusOr<FindReply> FindFile(std::string_view path) const;

 private:
  void AddService(const rpc::Service& service);
  void AddFile(const google::protobuf::FileDescriptor* file);
  void AddComments(std::string_view bytes);
  FindReply FilesUpTo(const google::protobuf::FileDescriptor* file) const;

  ListReply services_;
  // What the services need, by name.
  std::map<std::string, const google::protobuf::FileDescriptor*, std::less<>> files_;
  std::map<std::string, google::protobuf::SourceCodeInfo, std::less<>> comments_;
  // Services without a description, each with the sentence that says why.
  std::map<std::string, std::string, std::less<>> undescribed_;
};

}  // namespace reflection
