// Descriptors as the text of a .proto file. No state; any thread.
#pragma once

#include <string>
#include <string_view>

#include "services/cli/schema.h"
#include "services/cli/style.h"

namespace cli {

// The symbol with its comments, or the whole file that it is in; empty when the schema has no such
// symbol. A method may be written package.Service/Method.
std::string ProtoText(const Schema& schema, std::string_view symbol, bool whole_file);

// The same with colours for comments, where the style has any.
std::string PaintedProto(std::string_view text, const Style& style);

}  // namespace cli
