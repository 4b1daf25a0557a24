#include "codegen/cpp_text.h"
#include "codegen/cpp_words.h"
#include "codegen/text.h"

namespace rpc::codegen {
namespace {

class SourcePrinter {
 public:
  explicit SourcePrinter(const File& file) : file_(file) {}

  std::string Print() {
    text_.Title(file_.proto);
    text_.Include(file_.base + ".rpc.h");
    if (file_.services.empty()) return text_.str();
    text_.OpenNamespace(file_.cpp_namespace);
    for (const Service& service : file_.services) PrintService(service);
    text_.CloseNamespace(file_.cpp_namespace);
    return text_.str();
  }

 private:
  void PrintService(const Service& service) {
    for (const Method& method : service.methods) {
      text_.Line("");
      PrintDefault(service.name + "::Service::" + method.name, method);
    }
    text_.Line("");
    PrintMethods(service);
    if (!file_.comments.empty()) PrintComments(service);
    for (const Method& method : service.methods) {
      text_.Line("");
      PrintCall(service.name + "::Client::" + method.name, method);
    }
  }

  void PrintDefault(const std::string& name, const Method& method) {
    text_.Define({.type = library_ + "Task<>",
                  .name = name,
                  .arguments = UnusedServiceParameters(library_, method),
                  .end = ""},
                 {.name = "return " + library_ + "Unimplemented", .arguments = {method.constant}});
  }

  void PrintMethods(const Service& service) {
    const std::string head =
        "std::span<const " + library_ + "Method> " + service.name + "::Service::methods() const {";
    if (service.methods.empty()) return text_.Line(head + " return {}; }");
    text_.Line(head);
    text_.Indent(2);
    text_.Line("static constexpr " + library_ + "Method kMethods[] = {");
    text_.Indent(4);
    for (const Method& method : service.methods) {
      text_.Declare({.name = library_ + "MethodOf<&Service::" + method.name + ">",
                     .arguments = {method.constant},
                     .end = ","});
    }
    text_.Outdent(4);
    text_.Line("};");
    text_.Line("return kMethods;");
    text_.Outdent(2);
    text_.Line("}");
  }

  void PrintComments(const Service& service) {
    text_.Line("");
    text_.Line("std::string_view " + service.name + "::Service::comments() const {");
    text_.Indent(2);
    text_.Line("static constexpr char kBytes[] =");
    text_.Literal(file_.comments, ";");
    text_.Line("return std::string_view(kBytes, sizeof(kBytes) - 1);");
    text_.Outdent(2);
    text_.Line("}");
  }

  void PrintCall(const std::string& name, const Method& method) {
    const std::string type = CallType(library_, method);
    std::vector<std::string> arguments = {"channel_", method.constant, "options"};
    if (TakesRequest(method)) arguments.insert(arguments.end() - 1, "request");
    text_.Define({.type = type,
                  .name = name,
                  .arguments = ClientParameters(library_, method),
                  .end = " const"},
                 {.name = "return " + type, .arguments = arguments});
  }

  const File& file_;
  const std::string& library_ = file_.library;
  Text text_;
};

}  // namespace

std::string SourceText(const File& file) { return SourcePrinter(file).Print(); }

}  // namespace rpc::codegen
