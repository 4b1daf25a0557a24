// What a .proto file's services are, in the words of C++: all that the generated text needs, with
// every name decided and every collision already refused. Plain strings, no descriptors.
//
//   std::vector<std::string> problems = {};
//   File file = BuildFile(descriptor, problems);
//   if (problems.empty()) Print(HeaderText(file));
//
// Names follow one rule: a name that C++ or the generated class itself needs gets an underscore at
// its end, as protobuf does it with keywords. What is not unique even so is a problem.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace rpc::codegen {

enum class Kind { kUnary, kServerStreaming, kClientStreaming, kBothStreaming };

struct Method {
  Kind kind = Kind::kUnary;
  std::string name = "";      // of the functions: Say
  std::string constant = "";  // kSay
  std::string path = "";      // on the wire: echo.Echo/Say
  std::string request = "";   // the classes, as they are named inside of the service's classes
  std::string reply = "";
  std::vector<std::string> comment = {};  // lines, without the slashes
  bool deprecated = false;
};

struct Service {
  std::string name = "";       // of the class: Echo
  std::string full_name = "";  // on the wire: echo.Echo
  std::vector<std::string> comment = {};
  bool deprecated = false;
  std::vector<Method> methods = {};
};

struct File {
  std::string proto = "";                        // a/b.proto
  std::string base = "";                         // a/b, of which a/b.pb.h and a/b.rpc.h are made
  std::string cpp_namespace = "";                // x::y, or empty
  std::string library = "";                      // how the library is named there: rpc:: or ::rpc::
  std::vector<std::string> public_imports = {};  // the bases of those that show services
  std::vector<Service> services = {};
  std::string comments = "";  // see kept_comments.h; bytes
};

// Adds to `problems` what cannot be expressed, each as "a/b.proto:line:column: sentence"; with any
// problem the result is of no use.
File BuildFile(const google::protobuf::FileDescriptor& descriptor,
               std::vector<std::string>& problems);

}  // namespace rpc::codegen
