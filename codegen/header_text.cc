#include <algorithm>
#include <vector>

#include "codegen/cpp_text.h"
#include "codegen/cpp_words.h"
#include "codegen/text.h"

namespace rpc::codegen {
namespace {

class HeaderPrinter {
 public:
  explicit HeaderPrinter(const File& file) : file_(file) {}

  std::string Print() {
    text_.Title(file_.proto);
    text_.Line("#pragma once");
    text_.Line("");
    PrintIncludes();
    if (file_.services.empty()) return text_.str();
    text_.OpenNamespace(file_.cpp_namespace);
    for (const Service& service : file_.services) {
      text_.Line("");
      PrintClass(service);
    }
    text_.CloseNamespace(file_.cpp_namespace);
    return text_.str();
  }

 private:
  void PrintIncludes() {
    std::vector<std::string> paths = {file_.base + ".pb.h"};
    for (const std::string& base : file_.public_imports) paths.push_back(base + ".rpc.h");
    if (!file_.services.empty()) {
      text_.Line("#include <span>");
      text_.Line("#include <string_view>");
      text_.Line("");
      paths.insert(paths.end(), {"rpc/client.h", "rpc/service.h"});
    }
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) text_.Include(path);
  }

  void PrintClass(const Service& service) {
    text_.Comment(service.comment);
    text_.OpenClass("class " + service.name + " final {");
    text_.Line(service.name + "() = delete;");
    text_.Line("");
    PrintConstants(service);
    text_.Line("");
    PrintServiceClass(service);
    text_.Line("");
    PrintClientClass(service);
    text_.CloseClass();
  }

  void PrintConstants(const Service& service) {
    const auto print = [this](const std::string& name, const std::string& value) {
      text_.Assign("static constexpr std::string_view " + name, '"' + value + "\";");
    };
    text_.Comment({"The names of the service and of its methods, as they stand on the wire."});
    print("kName", service.full_name);
    for (const Method& method : service.methods) print(method.constant, method.path);
  }

  void PrintServiceClass(const Service& service) {
    text_.Comment(
        {"Derive from it, override what you serve, and give it to rpc::Server::Add. A "
         "method that is not overridden answers UNIMPLEMENTED."});
    text_.OpenClass("class Service : public " + library_ + "Service {");
    for (const Method& method : service.methods) {
      if (!method.comment.empty() && &method != &service.methods.front()) text_.Line("");
      text_.Comment(method.comment);
      text_.Declare({.type = "virtual " + library_ + "Task<>",
                     .name = method.name,
                     .arguments = ServiceParameters(library_, method)});
    }
    if (!service.methods.empty()) text_.Line("");
    text_.Line("std::string_view name() const final { return kName; }");
    text_.Line("std::span<const " + library_ + "Method> methods() const final;");
    if (!file_.comments.empty()) text_.Line("std::string_view comments() const final;");
    text_.CloseClass();
  }

  void PrintClientClass(const Service& service) {
    text_.Comment(
        {"Calls the service over a channel; copies are cheap and any thread may use "
         "one."});
    text_.OpenClass("class " + Deprecated(service.deprecated) + "Client {");
    text_.Line("explicit Client(const " + library_ + "Channel& channel) : channel_(channel) {}");
    if (!service.methods.empty()) text_.Line("");
    for (const Method& method : service.methods) PrintCall(method);
    text_.Line("");
    text_.Private();
    text_.Line(library_ + "Channel channel_;");
    text_.CloseClass();
  }

  void PrintCall(const Method& method) {
    std::vector<std::string> parameters = ClientParameters(library_, method);
    parameters.back() += " = {}";
    text_.Declare({.type = Deprecated(method.deprecated) + CallType(library_, method),
                   .name = method.name,
                   .arguments = parameters,
                   .end = " const;"});
  }

  static std::string Deprecated(bool deprecated) { return deprecated ? "[[deprecated]] " : ""; }

  const File& file_;
  const std::string& library_ = file_.library;
  Text text_;
};

}  // namespace

std::string HeaderText(const File& file) { return HeaderPrinter(file).Print(); }

}  // namespace rpc::codegen
