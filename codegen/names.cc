#include "codegen/names.h"

#include <array>
#include <cctype>
#include <sstream>

#include "google/protobuf/compiler/cpp/names.h"

namespace rpc::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::ServiceDescriptor;

constexpr std::string_view kTakenByCpp[] = {
    "alignas",    "alignof",       "and",
    "and_eq",     "asm",           "assert",
    "auto",       "bitand",        "bitor",
    "bool",       "break",         "case",
    "catch",      "char",          "char16_t",
    "char32_t",   "char8_t",       "class",
    "co_await",   "co_return",     "co_yield",
    "compl",      "concept",       "const",
    "const_cast", "consteval",     "constexpr",
    "constinit",  "continue",      "decltype",
    "default",    "delete",        "do",
    "double",     "dynamic_cast",  "else",
    "enum",       "EOF",           "errno",
    "explicit",   "export",        "extern",
    "false",      "float",         "for",
    "friend",     "goto",          "if",
    "inline",     "int",           "linux",
    "long",       "mutable",       "namespace",
    "new",        "noexcept",      "not",
    "not_eq",     "NULL",          "nullptr",
    "offsetof",   "operator",      "or",
    "or_eq",      "private",       "protected",
    "public",     "register",      "reinterpret_cast",
    "requires",   "return",        "setjmp",
    "short",      "signed",        "sizeof",
    "static",     "static_assert", "static_cast",
    "stderr",     "stdin",         "stdout",
    "struct",     "switch",        "template",
    "this",       "thread_local",  "throw",
    "true",       "try",           "typedef",
    "typeid",     "typename",      "union",
    "unix",       "unsigned",      "using",
    "va_arg",     "va_copy",       "va_end",
    "va_start",   "virtual",       "void",
    "volatile",   "wchar_t",       "while",
    "xor",        "xor_eq",
};

// get_item becomes GetItem.
std::string CamelCase(const std::string& name) {
  std::string camel;
  bool start = true;
  for (char c : name) {
    if (c != '_') camel += start ? static_cast<char>(std::toupper(c)) : c;
    start = c == '_';
  }
  return camel;
}

}  // namespace

bool IsTakenByCpp(std::string_view name) {
  for (std::string_view taken : kTakenByCpp) {
    if (name == taken) return true;
  }
  return false;
}

std::string FreeName(const std::string& name, const std::set<std::string>& taken) {
  std::string free = name;
  while (IsTakenByCpp(free) || taken.contains(free)) free += '_';
  return free;
}

std::string ConstantName(const std::string& method) {
  return FreeName("k" + CamelCase(method), {"kMethods", "kName"});
}

std::set<std::string> ConstantNames(const ServiceDescriptor& service) {
  std::set<std::string> names = {"kName"};
  for (int i = 0; i < service.method_count(); ++i) {
    names.insert(ConstantName(service.method(i)->name()));
  }
  return names;
}

std::string ServiceClassName(const ServiceDescriptor& service) {
  std::set<std::string> taken = ConstantNames(service);
  taken.insert({"Service", "Client"});
  return FreeName(service.name(), taken);
}

std::vector<std::string> PackageWords(const std::string& package) {
  std::vector<std::string> words;
  std::istringstream in(package);
  for (std::string word; std::getline(in, word, '.');) words.push_back(word);
  return words;
}

std::string MessageClassName(const Descriptor& message) {
  return google::protobuf::compiler::cpp::ClassName(&message);
}

std::string QualifiedClassName(const Descriptor& message) {
  std::string name;
  for (const std::string& word : PackageWords(message.file()->package())) name += "::" + word;
  return name + "::" + MessageClassName(message);
}

}  // namespace rpc::codegen
