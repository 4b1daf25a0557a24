#include "codegen/cpp_words.h"

namespace rpc::codegen {
namespace {

struct Parameter {
  std::string type;
  std::string name;
};

std::vector<Parameter> Parameters(const std::string& library, const Method& method) {
  const Parameter context = {library + "ServerContext&", "context"};
  const Parameter request = {"const " + method.request + "&", "request"};
  const Parameter reply = {method.reply + "&", "reply"};
  switch (method.kind) {
    case Kind::kUnary:
      return {context, request, reply};
    case Kind::kServerStreaming:
      return {context, request, {library + "Writer<" + method.reply + ">&", "out"}};
    case Kind::kClientStreaming:
      return {context, {library + "Reader<" + method.request + ">&", "in"}, reply};
    case Kind::kBothStreaming:
      return {context,
              {library + "Stream<" + method.request + ", " + method.reply + ">&", "stream"}};
  }
  return {};
}

}  // namespace

std::string CallType(const std::string& library, const Method& method) {
  switch (method.kind) {
    case Kind::kUnary:
      return library + "Call<" + method.reply + ">";
    case Kind::kServerStreaming:
      return library + "ReadCall<" + method.reply + ">";
    case Kind::kClientStreaming:
      return library + "WriteCall<" + method.request + ", " + method.reply + ">";
    case Kind::kBothStreaming:
      return library + "StreamCall<" + method.reply + ", " + method.request + ">";
  }
  return "";
}

std::vector<std::string> ClientParameters(const std::string& library, const Method& method) {
  const std::string options = "const " + library + "CallOptions& options";
  if (!TakesRequest(method)) return {options};
  return {"const " + method.request + "& request", options};
}

std::vector<std::string> ServiceParameters(const std::string& library, const Method& method) {
  std::vector<std::string> written;
  for (const Parameter& parameter : Parameters(library, method)) {
    written.push_back(parameter.type + " " + parameter.name);
  }
  return written;
}

std::vector<std::string> UnusedServiceParameters(const std::string& library, const Method& method) {
  std::vector<std::string> written;
  for (const Parameter& parameter : Parameters(library, method)) written.push_back(parameter.type);
  return written;
}

bool TakesRequest(const Method& method) {
  return method.kind == Kind::kUnary || method.kind == Kind::kServerStreaming;
}

}  // namespace rpc::codegen
