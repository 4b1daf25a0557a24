// The types of a server that this program was not built with, from what its reflection says.
//
//     reflection::Schema schema;
//     absl::Status status = schema.Add(*reflection.Find(request).Wait());
//     const auto* method = schema.FindMethod("echo.Echo/Say");
//     std::unique_ptr<google::protobuf::Message> request = schema.New(method->input_type());
//
// rpc::RawMessage takes such messages over the wire. Comments are there where the server has them:
// see google::protobuf::DebugStringOptions.
//
// Threads: one at a time adds; any number may do the rest when nobody adds. Lifetime: descriptors
// and messages end before their schema.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "services/reflection/reflection.rpc.h"

namespace reflection {

class Schema {
 public:
  Schema() = default;
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  // Files that are there already stay. INVALID_ARGUMENT says which file makes no sense, and why.
  absl::Status Add(const FindReply& reply);

  const google::protobuf::DescriptorPool& pool() const { return pool_; }
  // `package.Service/Method`; null when no file has it.
  const google::protobuf::MethodDescriptor* FindMethod(std::string_view name) const;
  // An empty message. REQUIRES: the type comes from this schema.
  std::unique_ptr<google::protobuf::Message> New(const google::protobuf::Descriptor* type);

 private:
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_{&pool_};
};

}  // namespace reflection
