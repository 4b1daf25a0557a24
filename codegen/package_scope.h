// What else stands in the C++ namespace of a package, as far as one file and its imports show it:
// what generated code could collide with, or could be hidden by.
#pragma once

#include <map>
#include <string>

#include "google/protobuf/descriptor.h"

namespace rpc::codegen {

// The names that the .pb.h files of `file` and its imports declare in its package, and the services
// there other than its own; each with what it comes from ("message Outer.Inner of a.proto").
std::map<std::string, std::string> DeclaredNames(const google::protobuf::FileDescriptor& file);

// Whether a class or a package named `word` stands in the package of `file` or in one around it, so
// that word:: there is not the ::word that is meant.
bool IsHidden(const std::string& word, const google::protobuf::FileDescriptor& file);

}  // namespace rpc::codegen
