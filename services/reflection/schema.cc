#include "services/reflection/schema.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"

namespace reflection {
namespace {

// The first thing that is wrong with a file.
class FirstError final : public google::protobuf::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string&, const std::string& element, const google::protobuf::Message*,
                ErrorLocation, const std::string& message) override {
    if (sentence_.empty()) sentence_ = absl::StrCat(element, ": ", message);
  }

  const std::string& sentence() const { return sentence_; }

 private:
  std::string sentence_;
};

}  // namespace

absl::Status Schema::Add(const FindReply& reply) {
  for (const std::string& bytes : reply.files()) {
    google::protobuf::FileDescriptorProto file;
    if (!file.ParseFromString(bytes)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the server's description of a file is not one: ", bytes.size(), " bytes"));
    }
    if (pool_.FindFileByName(file.name()) != nullptr) continue;
    FirstError error;
    if (pool_.BuildFileCollectingErrors(file, &error) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("the server's description of ", file.name(),
                                                     " makes no sense: ", error.sentence()));
    }
  }
  return absl::OkStatus();
}

const google::protobuf::MethodDescriptor* Schema::FindMethod(std::string_view name) const {
  std::string full_name(name);
  std::replace(full_name.begin(), full_name.end(), '/', '.');
  return pool_.FindMethodByName(full_name);
}

std::unique_ptr<google::protobuf::Message> Schema::New(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(type)->New());
}

}  // namespace reflection
