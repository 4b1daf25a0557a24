#include "codegen/package_scope.h"

#include <set>

#include "codegen/names.h"
#include "google/protobuf/compiler/cpp/names.h"
#include "google/protobuf/descriptor.pb.h"

namespace rpc::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;

using Files = std::set<const FileDescriptor*>;
using Names = std::map<std::string, std::string>;

void AddImports(const FileDescriptor& file, Files& files) {
  if (!files.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddImports(*file.dependency(i), files);
}

// The file and all that it imports, directly or not.
Files WithImports(const FileDescriptor& file) {
  Files files;
  AddImports(file, files);
  return files;
}

std::string Of(const std::string& kind, const std::string& name, const FileDescriptor& file) {
  return kind + " " + name + " of " + file.name();
}

void AddEnum(const EnumDescriptor& type, Names& names) {
  const std::string name = google::protobuf::compiler::cpp::ClassName(&type);
  const std::string origin = Of("enum", type.full_name(), *type.file());
  for (const char* end : {"", "_IsValid", "_Name", "_Parse", "_descriptor"}) {
    names.emplace(name + end, origin);
  }
  // The values of an enum inside of a message have its class before their names.
  const bool nested = type.containing_type() != nullptr;
  const std::string prefix = nested ? name + "_" : "";
  const std::string limits = nested ? prefix + type.name() : name;
  for (const char* end : {"_MIN", "_MAX", "_ARRAYSIZE"}) names.emplace(limits + end, origin);
  for (int i = 0; i < type.value_count(); ++i) {
    names.emplace(prefix + type.value(i)->name(), origin);
  }
}

void AddMessage(const Descriptor& message, Names& names) {
  const std::string name = MessageClassName(message);
  const std::string origin = Of("message", message.full_name(), *message.file());
  names.emplace(name, origin);
  names.emplace(name + "DefaultTypeInternal", origin);
  for (int i = 0; i < message.nested_type_count(); ++i) AddMessage(*message.nested_type(i), names);
  for (int i = 0; i < message.enum_type_count(); ++i) AddEnum(*message.enum_type(i), names);
}

void AddService(const ServiceDescriptor& service, Names& names) {
  const std::string origin = Of("service", service.full_name(), *service.file());
  names.emplace(ServiceClassName(service), origin);
  if (service.file()->options().cc_generic_services()) {
    names.emplace(service.name() + "_Stub", origin);
  }
}

bool IsInside(const std::string& package, const std::string& outer) {
  return package == outer || package.starts_with(outer + ".");
}

// Whether the file itself, and not a package, gives `word` a meaning.
bool Declares(const FileDescriptor& file, const std::string& word) {
  return file.FindMessageTypeByName(word) != nullptr || file.FindEnumTypeByName(word) != nullptr ||
         file.FindEnumValueByName(word) != nullptr || file.FindExtensionByName(word) != nullptr;
}

}  // namespace

Names DeclaredNames(const FileDescriptor& file) {
  Names names;
  for (const FileDescriptor* other : WithImports(file)) {
    if (other->package() != file.package()) continue;
    for (int i = 0; i < other->message_type_count(); ++i) {
      AddMessage(*other->message_type(i), names);
    }
    for (int i = 0; i < other->enum_type_count(); ++i) AddEnum(*other->enum_type(i), names);
    for (int i = 0; other != &file && i < other->service_count(); ++i) {
      AddService(*other->service(i), names);
    }
  }
  return names;
}

bool IsHidden(const std::string& word, const FileDescriptor& file) {
  const Files files = WithImports(file);
  std::string scope;
  for (const std::string& package_word : PackageWords(file.package())) {
    scope += scope.empty() ? package_word : "." + package_word;
    for (const FileDescriptor* other : files) {
      if (IsInside(other->package(), scope + "." + word)) return true;
      if (other->package() == scope && Declares(*other, word)) return true;
    }
  }
  return false;
}

}  // namespace rpc::codegen
