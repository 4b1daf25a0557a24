#include "services/cli/method_flags.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/wire/bytes_as_text.h"
#include "rpc/wire/frame_format.h"
#include "services/cli/reflection_client.h"

namespace cli {
namespace {

// `package.Service` of package.Service/Method or package.Service.Method; empty for neither.
std::string ServiceIn(const std::string& name) {
  const size_t slash = name.find('/');
  const size_t end = slash == std::string::npos ? name.rfind('.') : slash;
  return end == std::string::npos || end + 1 == name.size() ? "" : name.substr(0, end);
}

absl::Status NoMethod(const Schema& schema, const std::string& service, const std::string& name) {
  const google::protobuf::ServiceDescriptor* const found = schema.pool().FindServiceByName(service);
  if (found == nullptr) return absl::NotFoundError(absl::StrCat("there is no service ", service));
  std::string sentence = absl::StrCat("there is no method ", name, "; ", service, " has ");
  for (int i = 0; i < found->method_count(); ++i) {
    absl::StrAppend(&sentence, i == 0 ? "" : ", ", found->method(i)->name());
  }
  return absl::NotFoundError(sentence);
}

absl::StatusOr<std::string> ValueOf(const std::string& key, const std::string& typed) {
  if (!key.ends_with(rpc::wire::kBinaryKeyEnd)) return typed;
  std::string value(typed.size(), '\0');
  size_t size = 0;
  if (!rpc::wire::DecodeBase64(typed, value.data(), &size)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--meta=", key, "=... takes base64, as every key that ends in ",
                     std::string(rpc::wire::kBinaryKeyEnd), ", not \"", typed, "\""));
  }
  value.resize(size);
  return value;
}

}  // namespace

void MethodFlags::Declare(terminal::Flags* flags) {
  flags->Texts("proto", "FILE",
               "the .proto file that declares the method, for a server without reflection; may be "
               "given more than once",
               &files_);
  flags->Texts("proto_path", "FOLDER", "where .proto files and what they import are looked for",
               &folders_);
  flags->Short('I', "proto_path");
  flags->Texts("meta", "KEY=VALUE",
               "metadata for the server; in base64 when the key ends in -bin; may be given more "
               "than once",
               &metadata_);
}

absl::StatusOr<MethodTarget> MethodFlags::Find(const rpc::Channel& channel,
                                               const std::string& name) const {
  const std::string service = ServiceIn(name);
  if (service.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a method is package.Service/Method, not \"", name, "\""));
  }
  MethodTarget target;
  if (has_files()) {
    absl::StatusOr<Schema> schema = Schema::FromFiles(files_, folders_);
    if (!schema.ok()) return schema.status();
    target.schema = *std::move(schema);
  } else {
    const absl::Status asked =
        rpc::Run([&] { return AskSymbol(channel, service, &target.schema); });
    if (!asked.ok()) return asked;
  }
  target.method = target.schema.FindMethod(name);
  if (target.method == nullptr) return NoMethod(target.schema, service, name);
  target.wire_name = WireName(*target.method);
  return target;
}

absl::StatusOr<rpc::Metadata> MethodFlags::metadata() const {
  rpc::Metadata metadata;
  for (const std::string& entry : metadata_) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--meta takes KEY=VALUE, not \"", entry, "\""));
    }
    const std::string key = entry.substr(0, equals);
    const absl::StatusOr<std::string> value = ValueOf(key, entry.substr(equals + 1));
    if (!value.ok()) return value.status();
    metadata.Add(key, *value);
  }
  return metadata;
}

}  // namespace cli
