// Which names C++ leaves to a .proto file, and what protobuf makes of those that stand there.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace rpc::codegen {

// Keywords up to C++20, and those macros of the standard headers that look like names.
bool IsTakenByCpp(std::string_view name);

// The name, with as many underscores at its end as it takes until neither C++ nor `taken` has it.
std::string FreeName(const std::string& name, const std::set<std::string>& taken);

// kSay of Say, kGetItem of get_item; kName_ of Name, for kName is the service's own, and kMethods_.
std::string ConstantName(const std::string& method);

// The names of the constants of a service, kName among them.
std::set<std::string> ConstantNames(const google::protobuf::ServiceDescriptor& service);

// The class of a service.
std::string ServiceClassName(const google::protobuf::ServiceDescriptor& service);

// "a.b" as {"a", "b"}; none for no package.
std::vector<std::string> PackageWords(const std::string& package);

// Outer_Inner, the class of Outer.Inner.
std::string MessageClassName(const google::protobuf::Descriptor& message);

// ::a::b::Outer_Inner.
std::string QualifiedClassName(const google::protobuf::Descriptor& message);

}  // namespace rpc::codegen
