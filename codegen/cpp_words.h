// The types and parameters by which the library and the generated classes speak of a method.
#pragma once

#include <string>
#include <vector>

#include "codegen/model.h"

namespace rpc::codegen {

// `library` is File::library everywhere.

// Call<Reply>, ReadCall<Reply>, WriteCall<Request, Reply> or StreamCall<Reply, Request>: what a
// method of the client returns.
std::string CallType(const std::string& library, const Method& method);

// Of a method of the client, without default arguments.
std::vector<std::string> ClientParameters(const std::string& library, const Method& method);

// Of a method of the service.
std::vector<std::string> ServiceParameters(const std::string& library, const Method& method);

// The same without names, for a definition that uses none.
std::vector<std::string> UnusedServiceParameters(const std::string& library, const Method& method);

// Whether the client gives the request at once instead of writing requests later.
bool TakesRequest(const Method& method);

}  // namespace rpc::codegen
