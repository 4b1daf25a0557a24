#include "services/cli/method_flags.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
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
  const google::protobuf::DescriptorPool& pool = schema.pool();
  const google::protobuf::ServiceDescriptor* found = pool.FindServiceByName(service);
  std::string sentence = absl::StrCat("there is no method ", name, "; ");
  if (found == nullptr) {
    found = pool.FindServiceByName(name);
    sentence = "a method is package.Service/Method; ";
  }
  if (found == nullptr) return absl::NotFoundError(absl::StrCat("there is no service ", service));
  absl::StrAppend(&sentence, found->full_name(), " has ");
  for (int i = 0; i < found->method_count(); ++i) {
    absl::StrAppend(&sentence, i == 0 ? "" : ", ", found->method(i)->name());
  }
  return absl::NotFoundError(sentence);
}

// The rules of rpc/metadata.h: here they are told before anybody is asked.
absl::Status CheckKey(const std::string& key) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  const bool fits = key.size() <= 128 && key.find_first_not_of(kCharacters) == std::string::npos;
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a key of --meta has 1 to 128 characters of a-z 0-9 . _ -, unlike \"", key, "\""));
}

bool IsPrintable(const std::string& value) {
  return std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

absl::StatusOr<std::string> ValueOf(const std::string& key, const std::string& typed) {
  if (!key.ends_with(rpc::wire::kBinaryKeyEnd)) {
    if (IsPrintable(typed)) return typed;
    return absl::InvalidArgumentError(
        absl::StrCat("the value of --meta=", key, "=... is not printable ASCII: \"", typed,
                     "\"; keys that end in ", std::string(rpc::wire::kBinaryKeyEnd),
                     " take any bytes, in base64"));
  }
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

absl::StatusOr<MethodTarget> MethodFlags::Find(const rpc::Channel& channel, const std::string& name,
                                               absl::Duration timeout) const {
  const std::string service = ServiceIn(name);
  if (service.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a method is package.Service/Method, not \"", name, "\""));
  }
  if (!has_files() && !folders_.empty()) {
    return absl::InvalidArgumentError("--proto_path (-I) is of use with --proto=FILE only");
  }
  MethodTarget target;
  if (has_files()) {
    absl::StatusOr<Schema> schema = Schema::FromFiles(files_, folders_);
    if (!schema.ok()) return schema.status();
    target.schema = *std::move(schema);
  } else {
    const absl::Time deadline = absl::Now() + std::min(timeout, kReflectionTimeout);
    const auto ask = [&](const std::string& symbol) {
      return rpc::Run(
          [&] { return AskSymbol(channel, symbol, &target.schema, deadline - absl::Now()); });
    };
    absl::Status asked = ask(service);
    // Of package.Service alone, `service` is the package: to name its methods, the whole is asked.
    const bool may_be_service = absl::IsNotFound(asked) && name.find('/') == std::string::npos;
    if (may_be_service && ask(name).ok()) asked = absl::OkStatus();
    if (absl::IsDeadlineExceeded(asked)) {
      return absl::DeadlineExceededError(
          absl::StrCat("no answer to what the method is (with --proto=FILE nobody is asked): ",
                       asked.message()));
    }
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
    if (absl::Status s = CheckKey(key); !s.ok()) return s;
    const absl::StatusOr<std::string> value = ValueOf(key, entry.substr(equals + 1));
    if (!value.ok()) return value.status();
    metadata.Add(key, *value);
  }
  return metadata;
}

}  // namespace cli
