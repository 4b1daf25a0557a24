// The comments of a .proto file as lines that are safe behind "//" in C++.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace rpc::codegen {

// What stands above the service or method or, when there is nothing, behind it on the same line.
std::vector<std::string> CommentOf(const google::protobuf::ServiceDescriptor& service);
std::vector<std::string> CommentOf(const google::protobuf::MethodDescriptor& method);

// The lines of the text of a comment, without the blank that stands behind "//", without blank
// lines at both ends, and without anything that would not be a comment any more, or not the one
// that a reader sees: control characters, marks that turn the direction of text. A line that ends
// in a backslash gets a full stop, for the backslash would draw the next line into the comment.
std::vector<std::string> CommentLines(const std::string& text);

}  // namespace rpc::codegen
