#include "tests/simulation/payload.h"

#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tests/simulation/random.h"

namespace rpc::simulation {
namespace {

// Every message is a slice of these bytes; where it begins tells it from the others.
constexpr uint64_t kStarts = 1 << 20;

std::unique_ptr<char[]> MakeBytes() {
  constexpr uint64_t kSize = kStarts + kMessageSizeMax + sizeof(uint64_t);
  auto bytes = std::make_unique<char[]>(kSize);
  Random random(1);
  for (uint64_t at = 0; at + sizeof(uint64_t) <= kSize; at += sizeof(uint64_t)) {
    const uint64_t word = random.Next();
    std::memcpy(&bytes[at], &word, sizeof word);
  }
  return bytes;
}

}  // namespace

std::string_view MessageOf(const MessageName& name) {
  static const std::unique_ptr<char[]> kBytes = MakeBytes();
  Random random(Random::Mix(name.call_key * 2 + (name.direction == Direction::kReply)) +
                name.index);
  const uint64_t start = random.Below(kStarts);
  return {&kBytes[start], random.Spread(name.size_max)};
}

session::Payload PayloadOf(const MessageName& name, bool shared) {
  static const std::shared_ptr<const void> kOwner = std::make_shared<const int>(0);
  return {MessageOf(name), shared ? kOwner : nullptr};
}

std::string Describe(const MessageName& name) {
  return absl::StrCat(name.direction == Direction::kRequest ? "request " : "reply ", name.index,
                      " of call ", name.call_key, ", ", MessageOf(name).size(), " bytes");
}

}  // namespace rpc::simulation
