// The first byte chooses a limit; the others are expanded, and compressed.
#include <zstd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/wire/compression.h"
#include "tests/fuzz/choices.h"

namespace rpc::wire {
namespace {

// Whether zstd itself makes exactly `expanded` of `compressed`, in one piece. As a stream, too: a
// compressed block of no bytes is nothing to a stream, and an error to ZSTD_decompress.
bool Agrees(std::string_view compressed, std::string_view expanded) {
  std::string whole(expanded.size() + 1, '\0');
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                   ZSTD_freeDCtx);
  ZSTD_inBuffer input = {compressed.data(), compressed.size(), 0};
  ZSTD_outBuffer output = {whole.data(), whole.size(), 0};
  size_t result = 1;
  while (result != 0 && !ZSTD_isError(result)) {
    const size_t before = input.pos + output.pos;
    result = ZSTD_decompressStream(context.get(), &output, &input);
    if (result != 0 && input.pos + output.pos == before) return false;
  }
  return result == 0 && whole.substr(0, output.pos) == expanded;
}

void CheckExpand(Expander* expander, std::string_view compressed, uint64_t size_max) {
  std::string out = "before";
  const absl::Status status = expander->Expand(compressed, size_max, &out);
  Require(out.starts_with("before"), "what was in *out has changed");
  const std::string_view expanded = std::string_view(out).substr(6);
  if (status.ok()) {
    Require(expanded.size() <= size_max, "expanded beyond the limit");
    Require(Agrees(compressed, expanded), "zstd expands it differently");
  } else {
    Require(expanded.empty(), "*out has grown in spite of a failure");
    Require(absl::IsDataLoss(status) || absl::IsResourceExhausted(status), "another failure");
  }
  const uint64_t room = size_max + 4 * compressed.size() + (16 << 10);
  Require(out.capacity() <= 2 * room, "took more memory than the limit allows");
}

void CheckBothWays(Expander* expander, std::string_view body) {
  static Compressor compressor;
  std::string frame, out;
  compressor.Compress(body, &frame);
  Require(expander->Expand(frame, body.size(), &out).ok(), "what was compressed does not expand");
  Require(out == body, "what was compressed expands to something else");
  Require(body.empty() || absl::IsResourceExhausted(expander->Expand(frame, body.size() - 1, &out)),
          "one byte above the limit was not refused");
}

}  // namespace
}  // namespace rpc::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static rpc::wire::Expander expander;  // used again after every failure
  if (size == 0) return 0;
  const uint64_t size_max = uint64_t{1} << (data[0] % 22);
  // A copy of its own, so that a sanitizer sees a read beyond its end.
  const std::vector<char> bytes(data + 1, data + size);
  rpc::wire::CheckExpand(&expander, {bytes.data(), bytes.size()}, size_max);
  rpc::wire::CheckBothWays(&expander, {bytes.data(), bytes.size()});
  return 0;
}
