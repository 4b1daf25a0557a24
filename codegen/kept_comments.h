// The comments of a .proto file as bytes, for the program that serves it: protobuf's own code keeps
// descriptors without them.
#pragma once

#include <string>

#include "google/protobuf/descriptor.h"

namespace rpc::codegen {

// A google.protobuf.FileDescriptorSet, serialised: `file` and what it imports, each with its name
// and the places in it that have comments; without those that have none, and those of protobuf
// itself. Empty when that leaves nothing, or the file is built for LITE_RUNTIME.
std::string KeptComments(const google::protobuf::FileDescriptor& file);

}  // namespace rpc::codegen
