// The text of the generated files. What is decided stands in the model; here is only how it reads.
#pragma once

#include <string>

#include "codegen/model.h"

namespace rpc::codegen {

// Of a/b.rpc.h and a/b.rpc.cc.
std::string HeaderText(const File& file);
std::string SourceText(const File& file);

}  // namespace rpc::codegen
