#include "services/cli/schema.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/json_util.h"
#include "services/reflection/descriptor_files.h"

namespace cli {
namespace {

namespace protobuf = google::protobuf;

// What is wrong with .proto files: the first of it.
class FileErrors final : public protobuf::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& file, int line, int column,
                const std::string& message) override {
    if (!first_.empty()) return;
    first_ = line < 0 ? absl::StrCat(file, ": ", message)
                      : absl::StrCat(file, ":", line + 1, ":", column + 1, ": ", message);
  }
  absl::Status status() const { return absl::InvalidArgumentError(first_); }

 private:
  std::string first_;
};

std::string Sentence(const protobuf::util::Status& status) {
  std::string text(status.message().data(), status.message().size());
  while (!text.empty() && (text.back() == '\n' || text.back() == '^' || text.back() == ' ')) {
    text.pop_back();
  }
  for (char& c : text) c = c == '\n' ? ' ' : c;
  if (text.starts_with(": ")) text.erase(0, 2);  // of the message itself: no field stands in front
  return text;
}

}  // namespace

struct Schema::Parts {
  // Only of FromFiles.
  protobuf::compiler::DiskSourceTree tree;
  std::unique_ptr<protobuf::DescriptorPoolDatabase> well_known;
  std::unique_ptr<protobuf::compiler::SourceTreeDescriptorDatabase> database;

  std::unique_ptr<protobuf::DescriptorPool> pool;
  std::unique_ptr<protobuf::DynamicMessageFactory> factory;

  void MakeFactory() { factory = std::make_unique<protobuf::DynamicMessageFactory>(pool.get()); }

  // The name under which a file can be imported; of one that lies in no folder, its folder is
  // added.
  std::string Import(const std::string& file) {
    std::string name;
    std::string shadowing;
    if (tree.DiskFileToVirtualFile(file, &name, &shadowing) ==
        protobuf::compiler::DiskSourceTree::SUCCESS) {
      return name;
    }
    const std::filesystem::path path(file);
    tree.MapPath("", path.has_parent_path() ? path.parent_path().string() : ".");
    return path.filename().string();
  }
};

Schema::Schema() : parts_(std::make_unique<Parts>()) {
  parts_->pool = std::make_unique<protobuf::DescriptorPool>();
  parts_->MakeFactory();
}
Schema::~Schema() = default;
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;

absl::StatusOr<Schema> Schema::FromFiles(const std::vector<std::string>& files,
                                         const std::vector<std::string>& folders) {
  Schema schema;
  Parts& parts = *schema.parts_;
  for (const std::string& folder : folders) parts.tree.MapPath("", folder);
  std::vector<std::string> names;
  for (const std::string& file : files) {
    std::error_code error;
    if (folders.empty() && !std::filesystem::exists(file, error)) {
      return absl::InvalidArgumentError(absl::StrCat("there is no file ", file));
    }
    names.push_back(parts.Import(file));
  }
  FileErrors errors;
  parts.well_known = std::make_unique<protobuf::DescriptorPoolDatabase>(
      *protobuf::DescriptorPool::generated_pool());
  parts.database = std::make_unique<protobuf::compiler::SourceTreeDescriptorDatabase>(
      &parts.tree, parts.well_known.get());
  parts.database->RecordErrorsTo(&errors);
  parts.factory = nullptr;
  parts.pool = std::make_unique<protobuf::DescriptorPool>(
      parts.database.get(), parts.database->GetValidationErrorCollector());
  for (const std::string& name : names) {
    if (parts.pool->FindFileByName(name) == nullptr) return errors.status();
  }
  parts.database->RecordErrorsTo(nullptr);
  parts.MakeFactory();
  return schema;
}

absl::Status Schema::Add(const reflection::FindReply& reply) {
  return reflection::AddFiles(reply.files(), absl::StatusCode::kDataLoss, parts_->pool.get());
}

const protobuf::DescriptorPool& Schema::pool() const { return *parts_->pool; }

const protobuf::MethodDescriptor* Schema::FindMethod(std::string_view name) const {
  std::string dotted(name);
  if (const size_t slash = dotted.rfind('/'); slash != std::string::npos) dotted[slash] = '.';
  return parts_->pool->FindMethodByName(dotted);
}

absl::StatusOr<std::string> Schema::FromJson(const protobuf::Descriptor* type,
                                             std::string_view json) const {
  const std::unique_ptr<protobuf::Message> message(parts_->factory->GetPrototype(type)->New());
  const auto status =
      protobuf::util::JsonStringToMessage({json.data(), json.size()}, message.get());
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("this is no ", type->full_name(), " in JSON: ", Sentence(status)));
  }
  return message->SerializePartialAsString();
}

absl::StatusOr<std::string> Schema::ToJson(const protobuf::Descriptor* type,
                                           const std::string& bytes, const JsonLook& look) const {
  const std::unique_ptr<protobuf::Message> message(parts_->factory->GetPrototype(type)->New());
  if (!message->ParsePartialFromString(bytes)) {
    return absl::InternalError(absl::StrCat("the reply is no ", type->full_name()));
  }
  protobuf::util::JsonPrintOptions options;
  options.add_whitespace = look.pretty;
  options.always_print_primitive_fields = look.defaults;
  std::string json;
  const auto status = protobuf::util::MessageToJsonString(*message, &json, options);
  if (!status.ok()) {
    return absl::InternalError(
        absl::StrCat("the ", type->full_name(), " cannot be shown as JSON: ", Sentence(status)));
  }
  while (!json.empty() && json.back() == '\n') json.pop_back();
  return json;
}

std::string WireName(const protobuf::MethodDescriptor& method) {
  return absl::StrCat(method.service()->full_name(), "/", method.name());
}

}  // namespace cli
