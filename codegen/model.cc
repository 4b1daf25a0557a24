#include "codegen/model.h"

#include <map>
#include <set>

#include "codegen/comments.h"
#include "codegen/kept_comments.h"
#include "codegen/names.h"
#include "codegen/package_scope.h"
#include "codegen/problems.h"
#include "google/protobuf/compiler/code_generator.h"
#include "google/protobuf/descriptor.pb.h"

namespace rpc::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// What the generated functions call their parameters.
const std::set<std::string> kParameters = {"channel", "context", "in",      "options",
                                           "out",     "reply",   "request", "stream"};

// What the classes Service and Client have beside the methods.
const std::set<std::string> kMembers = {"Client",   "Service", "channel_",
                                        "comments", "methods", "name"};

std::set<std::string> Union(std::set<std::string> a, const std::set<std::string>& b) {
  a.insert(b.begin(), b.end());
  return a;
}

Kind KindOf(const MethodDescriptor& method) {
  if (method.client_streaming()) {
    return method.server_streaming() ? Kind::kBothStreaming : Kind::kClientStreaming;
  }
  return method.server_streaming() ? Kind::kServerStreaming : Kind::kUnary;
}

// Builds the model of one service; the names of C++ that its classes use for themselves decide
// which messages have to be named in full.
class ServiceBuilder {
 public:
  ServiceBuilder(const ServiceDescriptor& service, Problems& problems)
      : service_(service), problems_(problems), constants_(ConstantNames(service)) {
    hiding_ = Union(Union(constants_, kMembers), kParameters);
    hiding_.insert(ServiceClassName(service));
    for (int i = 0; i < service.method_count(); ++i) {
      hiding_.insert(MethodName(*service.method(i)));
    }
  }

  Service Build() {
    const bool deprecated =
        service_.options().deprecated() || service_.file()->options().deprecated();
    Service service = {.name = ServiceClassName(service_),
                       .full_name = service_.full_name(),
                       .comment = CommentOf(service_),
                       .deprecated = deprecated,
                       .methods = {}};
    for (int i = 0; i < service_.method_count(); ++i) {
      service.methods.push_back(BuildMethod(*service_.method(i)));
    }
    CheckUnique(service);
    return service;
  }

 private:
  std::string MethodName(const MethodDescriptor& method) const {
    return FreeName(method.name(), Union(constants_, kMembers));
  }

  Method BuildMethod(const MethodDescriptor& method) {
    return {.kind = KindOf(method),
            .name = MethodName(method),
            .constant = ConstantName(method.name()),
            .path = service_.full_name() + "/" + method.name(),
            .request = TypeName(*method.input_type(), RequestPath(method)),
            .reply = TypeName(*method.output_type(), ReplyPath(method)),
            .comment = CommentOf(method),
            .deprecated = method.options().deprecated()};
  }

  std::string TypeName(const Descriptor& message, const Path& place) {
    CheckExpressible(message, place);
    const std::string name = MessageClassName(message);
    const bool near = message.file()->package() == service_.file()->package();
    return near && !hiding_.contains(name) ? name : QualifiedClassName(message);
  }

  // protobuf gives an underscore to most keywords, and these it overlooks.
  void CheckExpressible(const Descriptor& message, const Path& place) {
    std::vector<std::string> words = PackageWords(message.file()->package());
    words.push_back(MessageClassName(message));
    for (const std::string& word : words) {
      if (!IsTakenByCpp(word)) continue;
      problems_.Add(place, "protobuf's C++ code for " + message.full_name() +
                               " does not compile, because '" + word +
                               "' is taken in C++; rename it in " + message.file()->name());
    }
  }

  void CheckUnique(const Service& service) {
    std::map<std::string, std::string> names;
    std::map<std::string, std::string> constants;
    for (int i = 0; i < service_.method_count(); ++i) {
      const MethodDescriptor& method = *service_.method(i);
      if (IsUnique(method, service.methods[i].name, names)) {
        IsUnique(method, service.methods[i].constant, constants);
      }
    }
  }

  // `seen` has the C++ names so far, each with the method that has it.
  bool IsUnique(const MethodDescriptor& method, const std::string& name,
                std::map<std::string, std::string>& seen) {
    const auto [other, is_new] = seen.emplace(name, method.name());
    if (is_new) return true;
    problems_.Add(NamePath(method), "the methods '" + other->second + "' and '" + method.name() +
                                        "' would both be '" + name +
                                        "' in C++; rename one of them");
    return false;
  }

  const ServiceDescriptor& service_;
  Problems& problems_;
  const std::set<std::string> constants_;
  std::set<std::string> hiding_;  // a message of such a name is named in full
};

// The names of C++ that protobuf or the library need where the services stand.
class FileChecker {
 public:
  FileChecker(const FileDescriptor& file, Problems& problems)
      : file_(file), problems_(problems), declared_(DeclaredNames(file)) {}

  void Check() {
    CheckPackage();
    if (file_.options().cc_generic_services()) {
      problems_.Add(GenericServicesPath(),
                    "with cc_generic_services protobuf generates classes of the same names as "
                    "protoc-gen-rpc does; remove the option");
    }
    for (int i = 0; i < file_.service_count(); ++i) CheckService(*file_.service(i));
  }

 private:
  void CheckPackage() {
    const std::vector<std::string> words = PackageWords(file_.package());
    if (!words.empty() && words.front() == "rpc") {
      problems_.Add(PackagePath(), "the C++ namespace rpc is the library's own; give package '" +
                                       file_.package() + "' another first word");
    }
    if (words.empty() && declared_.contains("rpc")) {
      problems_.Add({}, declared_["rpc"] +
                            " would collide with the C++ namespace rpc of the "
                            "library; give the file a package");
    }
    for (const std::string& word : words) {
      if (!IsTakenByCpp(word)) continue;
      problems_.Add(PackagePath(), "'" + word + "' in package '" + file_.package() +
                                       "' is taken in C++ and cannot name a namespace; rename it");
    }
  }

  void CheckService(const ServiceDescriptor& service) {
    const std::string name = ServiceClassName(service);
    if (name == "rpc" || name == "std") {
      problems_.Add(NamePath(service), "a class '" + name + "' would hide the namespace ::" + name +
                                           "; rename service '" + service.name() + "'");
    }
    const auto [other, is_new] = declared_.emplace(name, "service " + service.full_name());
    if (is_new) return;
    problems_.Add(NamePath(service), "the class '" + name + "' of service '" + service.name() +
                                         "' would collide with what " + other->second +
                                         " is in C++; rename the service");
  }

  const FileDescriptor& file_;
  Problems& problems_;
  std::map<std::string, std::string> declared_;
};

std::string Namespace(const FileDescriptor& file) {
  std::string name;
  for (const std::string& word : PackageWords(file.package())) {
    name += (name.empty() ? "" : "::") + word;
  }
  return name;
}

std::string Base(const FileDescriptor& file) {
  return google::protobuf::compiler::StripProto(file.name());
}

// Whether who imports the file sees services, its own or those that it imports publicly.
bool ShowsServices(const FileDescriptor& file) {
  for (int i = 0; i < file.public_dependency_count(); ++i) {
    if (ShowsServices(*file.public_dependency(i))) return true;
  }
  return file.service_count() > 0;
}

}  // namespace

File BuildFile(const FileDescriptor& descriptor, std::vector<std::string>& lines) {
  File file = {.proto = descriptor.name(),
               .base = Base(descriptor),
               .cpp_namespace = Namespace(descriptor),
               .library = IsHidden("rpc", descriptor) ? "::rpc::" : "rpc::",
               .public_imports = {},
               .services = {},
               .comments = ""};
  for (int i = 0; i < descriptor.public_dependency_count(); ++i) {
    const FileDescriptor& other = *descriptor.public_dependency(i);
    if (ShowsServices(other)) file.public_imports.push_back(Base(other));
  }
  if (descriptor.service_count() == 0) return file;

  Problems problems(descriptor, lines);
  FileChecker(descriptor, problems).Check();
  for (int i = 0; i < descriptor.service_count(); ++i) {
    file.services.push_back(ServiceBuilder(*descriptor.service(i), problems).Build());
  }
  file.comments = KeptComments(descriptor);
  return file;
}

}  // namespace rpc::codegen
