#include "codegen/kept_comments.h"

#include <set>
#include <string_view>

#include "google/protobuf/descriptor.pb.h"

namespace rpc::codegen {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::FileOptions;
using google::protobuf::SourceCodeInfo;

constexpr std::string_view kOfProtobuf = "google/protobuf/";

bool HasComment(const SourceCodeInfo::Location& location) {
  return location.has_leading_comments() || location.has_trailing_comments() ||
         location.leading_detached_comments_size() > 0;
}

class Collector {
 public:
  // Imports first.
  void Add(const FileDescriptor& file) {
    if (!seen_.insert(&file).second || file.name().starts_with(kOfProtobuf)) return;
    for (int i = 0; i < file.dependency_count(); ++i) Add(*file.dependency(i));
    FileDescriptorProto all;
    file.CopySourceCodeInfoTo(&all);
    FileDescriptorProto kept;
    for (const SourceCodeInfo::Location& location : all.source_code_info().location()) {
      if (HasComment(location)) *kept.mutable_source_code_info()->add_location() = location;
    }
    if (!kept.has_source_code_info()) return;
    kept.set_name(file.name());
    *files_.add_file() = kept;
  }

  std::string Bytes() const { return files_.SerializeAsString(); }

 private:
  std::set<const FileDescriptor*> seen_;
  FileDescriptorSet files_;
};

}  // namespace

std::string KeptComments(const FileDescriptor& file) {
  if (file.options().optimize_for() == FileOptions::LITE_RUNTIME) return "";
  Collector collector;
  collector.Add(file);
  return collector.Bytes();
}

}  // namespace rpc::codegen
