// Any bytes as a stream of frames, cut in any way: what comes out does not depend on the cuts.
//
// The first 8 bytes of the input choose the cuts, the size of the read space, the limits and the
// frames to drop; the rest is the stream.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>

#include "tests/fuzz/choices.h"
#include "tests/wire/frame_fixture.h"

namespace {

using rpc::Require;
using rpc::wire::Decoded;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kChoicesSize = 8;
  if (size < kChoicesSize) return 0;
  uint64_t seed;
  std::memcpy(&seed, data, sizeof seed);
  const std::string_view stream(reinterpret_cast<const char*>(data) + kChoicesSize,
                                size - kChoicesSize);
  std::mt19937_64 random(seed);
  rpc::wire::DecodeOptions options;
  options.limits.body_size_max = 16 << random() % 16;
  options.limits.drain_size_max = 1 << 20;
  options.space_size = stream.size() + 1;
  const Decoded whole = rpc::wire::Decode(stream, options);

  options.space_size = 1 + random() % 200;
  const size_t cut_max = 1 + random() % 64;
  options.read_size = [&] { return 1 + random() % cut_max; };
  const Decoded cut = rpc::wire::Decode(stream, options);
  Require(cut.frames == whole.frames, "the frames depend on the cuts");
  Require(cut.fault == whole.fault, "the fault depends on the cuts");
  Require(cut.end.empty() == whole.end.empty(), "the end depends on the cuts");
  Require(cut.memory_size_max <= 2 * stream.size() + 1024, "more memory than bytes that came");

  options.drop = [&](const rpc::wire::Header&) { return random() % 2 == 0; };
  const Decoded dropped = rpc::wire::Decode(stream, options);
  Require(dropped.fault == whole.fault, "dropping a body changed what follows it");
  Require(dropped.frames.size() <= whole.frames.size(), "dropping a body made frames");
  return 0;
}
