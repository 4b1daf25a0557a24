#include "services/reflection/descriptor_files.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/api.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/source_context.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/type.pb.h"
#include "google/protobuf/wrappers.pb.h"

namespace reflection {
namespace {

namespace protobuf = google::protobuf;

constexpr char kOwnPackage[] = "google.protobuf";

// The first thing that is wrong with a file.
class FirstError final : public protobuf::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string&, const std::string& element, const protobuf::Message*,
                ErrorLocation, const std::string& message) override {
    if (sentence_.empty()) sentence_ = absl::StrCat(element, ": ", message);
  }

  const std::string& sentence() const { return sentence_; }

 private:
  std::string sentence_;
};

// Null when there is none. All are named, so that they are linked in where protobuf is static.
const protobuf::FileDescriptor* FindOwn(const std::string& name) {
  const protobuf::FileDescriptor* const all[] = {
      protobuf::Any::descriptor()->file(),
      protobuf::Api::descriptor()->file(),
      protobuf::FileDescriptorProto::descriptor()->file(),
      protobuf::Duration::descriptor()->file(),
      protobuf::Empty::descriptor()->file(),
      protobuf::FieldMask::descriptor()->file(),
      protobuf::SourceContext::descriptor()->file(),
      protobuf::Struct::descriptor()->file(),
      protobuf::Timestamp::descriptor()->file(),
      protobuf::Type::descriptor()->file(),
      protobuf::BoolValue::descriptor()->file(),
  };
  for (const protobuf::FileDescriptor* file : all) {
    if (file->name() == name) return file;
  }
  return nullptr;
}

// Empty, or what is wrong with it.
std::string AddFile(const std::string& encoded, protobuf::DescriptorPool* pool) {
  protobuf::FileDescriptorProto file;
  if (!file.ParseFromString(encoded)) {
    return absl::StrCat("a file that cannot be read, of ", encoded.size(), " bytes");
  }
  if (pool->FindFileByName(file.name()) != nullptr) return "";
  if (file.package() == kOwnPackage) {
    const protobuf::FileDescriptor* const own = FindOwn(file.name());
    if (own == nullptr) {
      return absl::StrCat(file.name(), ", which is no file of ", kOwnPackage);
    }
    file.Clear();
    own->CopyTo(&file);
  }
  FirstError error;
  if (pool->BuildFileCollectingErrors(file, &error) != nullptr) return "";
  return absl::StrCat(file.name(), ", which makes no sense: ", error.sentence());
}

}  // namespace

absl::Status AddFiles(const protobuf::RepeatedPtrField<std::string>& encoded_files,
                      absl::StatusCode refusal, protobuf::DescriptorPool* pool) {
  for (const std::string& encoded : encoded_files) {
    const std::string wrong = AddFile(encoded, pool);
    if (!wrong.empty()) {
      return absl::Status(refusal, absl::StrCat("the server's reflection gave ", wrong));
    }
  }
  return absl::OkStatus();
}

}  // namespace reflection
