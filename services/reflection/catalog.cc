#include "services/reflection/catalog.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace reflection {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// Of what a client asked for, in a sentence.
constexpr size_t kToldSizeMax = 200;

absl::Status NotFound(std::string_view what, std::string_view name) {
  return absl::NotFoundError(absl::StrCat("nothing that this server serves has the ",
                                          std::string(what), " \"",
                                          std::string(name.substr(0, kToldSizeMax)), "\""));
}

std::string_view LastWord(std::string_view method) { return method.substr(method.rfind('/') + 1); }

// As protobuf writes it: `package.Service.Method`, without a full stop before it.
std::string FullName(std::string_view symbol) {
  if (symbol.starts_with('.')) symbol.remove_prefix(1);
  std::string name(symbol);
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

// `name` itself, or something within it.
bool IsWithin(std::string_view symbol, std::string_view name) {
  return symbol.starts_with(name) && (symbol.size() == name.size() || symbol[name.size()] == '.');
}

void AddMethods(const rpc::Service& service, const ServiceDescriptor* descriptor,
                ServiceEntry* entry) {
  for (const rpc::Method& method : service.methods()) {
    MethodEntry* const added = entry->add_methods();
    added->set_name(std::string(LastWord(method.name)));
    added->set_request_stream(!method.single_request);
    added->set_reply_stream(!method.single_reply);
    const MethodDescriptor* const found =
        descriptor == nullptr ? nullptr : descriptor->FindMethodByName(added->name());
    if (found == nullptr) continue;
    added->set_request_type(found->input_type()->full_name());
    added->set_reply_type(found->output_type()->full_name());
  }
}

}  // namespace

Catalog::Catalog(const rpc::Server& server) {
  std::vector<std::string> names = server.services();
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) AddService(*server.FindService(name));
}

void Catalog::AddService(const rpc::Service& service) {
  ServiceEntry* const entry = services_.add_services();
  entry->set_name(std::string(service.name()));
  const ServiceDescriptor* const descriptor =
      DescriptorPool::generated_pool()->FindServiceByName(entry->name());
  AddMethods(service, descriptor, entry);
  if (descriptor == nullptr) {
    entry->set_problem(
        absl::StrCat(entry->name(),
                     " has no description in this server: its .proto file was compiled without "
                     "descriptors (option optimize_for = LITE_RUNTIME)"));
    undescribed_[entry->name()] = entry->problem();
    return;
  }
  AddFile(descriptor->file());
  AddComments(service.comments());
}

void Catalog::AddFile(const FileDescriptor* file) {
  if (!files_.emplace(file->name(), file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) AddFile(file->dependency(i));
}

void Catalog::AddComments(std::string_view bytes) {
  FileDescriptorSet set;
  if (!set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  for (FileDescriptorProto& file : *set.mutable_file()) {
    comments_[file.name()] = std::move(*file.mutable_source_code_info());
  }
}

absl::StatusOr<FindReply> Catalog::FindSymbol(std::string_view symbol) const {
  const std::string name = FullName(symbol);
  for (const auto& [service, problem] : undescribed_) {
    if (IsWithin(name, service)) return absl::FailedPreconditionError(problem);
  }
  const FileDescriptor* const file =
      name.empty() ? nullptr : DescriptorPool::generated_pool()->FindFileContainingSymbol(name);
  if (file == nullptr || !files_.contains(file->name()) || IsWithin(file->package(), name)) {
    return NotFound("name", name);  // a package has files, of which none is all of it
  }
  return FilesUpTo(file);
}

absl::StatusOr<FindReply> Catalog::FindFile(std::string_view path) const {
  const auto found = files_.find(path);
  if (found == files_.end()) return NotFound("file", path);
  return FilesUpTo(found->second);
}

FindReply Catalog::FilesUpTo(const FileDescriptor* last) const {
  FindReply reply;
  std::set<const FileDescriptor*> seen;
  const auto add = [&](const FileDescriptor* file, const auto& self) -> void {
    if (!seen.insert(file).second) return;
    for (int i = 0; i < file->dependency_count(); ++i) self(file->dependency(i), self);
    FileDescriptorProto proto;
    file->CopyTo(&proto);
    const auto comments = comments_.find(file->name());
    if (comments != comments_.end()) *proto.mutable_source_code_info() = comments->second;
    reply.add_files(proto.SerializeAsString());
  };
  add(last, add);
  return reply;
}

}  // namespace reflection
