// Feeds files to a fuzz target's LLVMFuzzerTestOneInput, one input per file, so that the seed
// corpus is a test in every build. Arguments are files and folders; none found is a failure, for a
// corpus that is not read proves nothing. Under --config=fuzz libFuzzer brings its own main.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void Replay(const std::filesystem::path& file) {
  // Said before the run: the last line of a crash is then the input's name.
  std::fprintf(stderr, "%s\n", file.c_str());
  std::ifstream in(file, std::ios::binary);
  // A vector of exactly the input's size, so that asan sees a read past its end.
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

int ReplayAll(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) {
    if (!std::filesystem::exists(path)) return 0;
    Replay(path);
    return 1;
  }
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    count += ReplayAll(entry.path());
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  for (int i = 1; i < argc; ++i) count += ReplayAll(argv[i]);
  std::fprintf(stderr, "%d inputs\n", count);
  if (count == 0) std::fprintf(stderr, "no input was found: the seed corpus is empty\n");
  return count == 0;
}
