// Any file to the code generator: as the text of a .proto, or (when the first byte is 'd') as a
// serialised FileDescriptorProto. What protobuf accepts is refused with sentences that name the
// file, or becomes code, the same each time.
#include <memory>
#include <string>
#include <vector>

#include "codegen/cpp_text.h"
#include "codegen/model.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "tests/fuzz/choices.h"

namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using rpc::Choices;
using rpc::Require;

constexpr char kOther[] = R"(
  syntax = "proto3";
  package other.place;
  message Other {}
  service Elsewhere { rpc Go(Other) returns (stream Other); }
)";

class NoErrors final : public google::protobuf::io::ErrorCollector {
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
  void AddWarning(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

class NoPoolErrors final : public DescriptorPool::ErrorCollector {
  void AddError(const std::string&, const std::string&, const google::protobuf::Message*,
                ErrorLocation, const std::string&) override {}
};

bool ParseText(std::string_view text, FileDescriptorProto* file) {
  google::protobuf::io::ArrayInputStream in(text.data(), static_cast<int>(text.size()));
  NoErrors errors;
  google::protobuf::io::Tokenizer tokens(&in, &errors);
  google::protobuf::compiler::Parser parser;
  parser.RecordErrorsTo(&errors);
  return parser.Parse(&tokens, file);
}

// With a file in it that others may import: other.proto.
const DescriptorPool& BasePool() {
  static const DescriptorPool& pool = *[] {
    auto* const made = new DescriptorPool();
    FileDescriptorProto file;
    Require(ParseText(kOther, &file), "other.proto can't be read");
    file.set_name("other.proto");
    Require(made->BuildFile(file) != nullptr, "other.proto can't be used");
    return made;
  }();
  return pool;
}

// Null when protobuf does not accept it.
const FileDescriptor* Build(std::string_view input, bool is_descriptor, DescriptorPool* pool) {
  FileDescriptorProto file;
  if (is_descriptor) {
    if (!file.ParseFromArray(input.data(), static_cast<int>(input.size()))) return nullptr;
  } else {
    if (!ParseText(input, &file)) return nullptr;
    file.set_name("a/b.proto");
  }
  NoPoolErrors errors;
  return pool->BuildFileCollectingErrors(file, &errors);
}

std::string Generate(const FileDescriptor& descriptor, std::vector<std::string>& problems) {
  const rpc::codegen::File file = rpc::codegen::BuildFile(descriptor, problems);
  if (!problems.empty()) return "";
  return rpc::codegen::HeaderText(file) + rpc::codegen::SourceText(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Choices choices(data, size);
  const bool is_descriptor = choices.Byte() == 'd';
  DescriptorPool pool(&BasePool());
  const FileDescriptor* const descriptor = Build(choices.Bytes(size), is_descriptor, &pool);
  if (descriptor == nullptr) return 0;
  std::vector<std::string> problems;
  const std::string text = Generate(*descriptor, problems);
  for (const std::string& problem : problems) {
    Require(problem.rfind(descriptor->name(), 0) == 0, "a problem does not say where it is");
  }
  Require(problems.empty() == !text.empty(), "neither problems nor text, or both");
  std::vector<std::string> same_problems;
  Require(Generate(*descriptor, same_problems) == text && same_problems == problems,
          "what is generated is not the same each time");
  return 0;
}
