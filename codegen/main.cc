// The protoc plugin: services of a/b.proto become a/b.rpc.h and a/b.rpc.cc, beside protobuf's own
// a/b.pb.h and a/b.pb.cc.
//
//   protoc --plugin=protoc-gen-rpc=PATH --cpp_out=OUT --rpc_out=OUT -I. a/b.proto
//
// It takes no options. A file without services gives files without code, so that a build that does
// not know what is in a file knows what comes out.
#include <memory>
#include <string>
#include <vector>

#include "codegen/cpp_text.h"
#include "codegen/model.h"
#include "google/protobuf/compiler/code_generator.h"
#include "google/protobuf/compiler/plugin.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream.h"

namespace rpc::codegen {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::compiler::CodeGenerator;
using google::protobuf::compiler::GeneratorContext;

std::string UnknownOptions(const std::string& parameter) {
  std::vector<std::pair<std::string, std::string>> options;
  google::protobuf::compiler::ParseGeneratorParameter(parameter, &options);
  std::string sentence;
  for (const auto& [name, value] : options) {
    sentence += sentence.empty() ? "" : "\n";
    sentence += "unknown option '" + name + "': protoc-gen-rpc takes no options";
  }
  return sentence;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

void Write(const std::string& path, const std::string& text, GeneratorContext& context) {
  const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> out(context.Open(path));
  google::protobuf::io::CodedOutputStream(out.get()).WriteString(text);
}

class Generator : public CodeGenerator {
 public:
  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }

  bool Generate(const FileDescriptor* file, const std::string& parameter, GeneratorContext* context,
                std::string* error) const override {
    return GenerateAll({file}, parameter, context, error);
  }

  // All problems of all files in one go, each with its own place.
  bool GenerateAll(const std::vector<const FileDescriptor*>& files, const std::string& parameter,
                   GeneratorContext* context, std::string* error) const override {
    *error = UnknownOptions(parameter);
    if (!error->empty()) return false;
    std::vector<std::string> problems;
    for (const FileDescriptor* descriptor : files) {
      const File file = BuildFile(*descriptor, problems);
      if (!problems.empty()) continue;
      Write(file.base + ".rpc.h", HeaderText(file), *context);
      Write(file.base + ".rpc.cc", SourceText(file), *context);
    }
    *error = Joined(problems);
    return problems.empty();
  }
};

}  // namespace
}  // namespace rpc::codegen

int main(int argc, char** argv) {
  const rpc::codegen::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
