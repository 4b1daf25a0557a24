#include "tests/fuzz/made_frame.h"

#include <iterator>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "rpc/wire/limits.h"
#include "tests/session/hand_frames.h"

namespace rpc::session {
namespace {

constexpr std::string_view kNames[] = {"Unary", "ServerStream", "ClientStream", "Both",
                                       "",      "Nobody",       "a.b/c\n"};
constexpr size_t kSizes[] = {0, 1, 5, 64, 65, 300, 900};
constexpr size_t kLargeSizes[] = {5'000, 65'536, 70'000, 140'000};

std::string_view Filler(size_t start, size_t size) {
  static const std::string* const kPattern = [] {
    auto* const pattern = new std::string();
    for (size_t i = 0; i < 141'000; ++i) pattern->push_back(static_cast<char>(i % 251));
    return pattern;
  }();
  return std::string_view(*kPattern).substr(start % 251, size);
}

// Small, about the limits, or any at all.
uint64_t Number(Choices& choices) {
  constexpr uint64_t kSpecial[] = {0, 65'535, 65'536, wire::kNumberMax, wire::kNumberMax + 1};
  const size_t choice = choices.UpTo(9);
  if (choice < std::size(kSpecial)) return kSpecial[choice];
  return choices.Byte();
}

// What the members of a frame in JSON are, between its braces.
std::string JsonMembers(const hand::Fields& fields) {
  return absl::StrCat(R"("kind":)", static_cast<int>(fields.kind), R"(,"call":)", fields.call,
                      R"(,"flags":)", fields.flags, R"(,"name":"Unary","timeout_us":)",
                      fields.timeout_us, R"(,"credit":)", fields.credit);
}

// Of a CALL without a name and an id not even a header is left, which no encoder writes.
std::string Encoded(const hand::Fields& fields, std::string_view body) {
  const bool is_nothing =
      fields.kind == wire::Kind::kCall && fields.call == 0 && fields.name.empty();
  return is_nothing ? hand::FrameAsItIs(fields, body) : hand::Frame(fields, body);
}

}  // namespace

std::string_view MadeBody(Choices& choices, size_t start) {
  // Few are large, since these take most of the time.
  const size_t choice = choices.Byte();
  if (choice >= 254) return Filler(start, kLargeSizes[choices.UpTo(std::size(kLargeSizes) - 1)]);
  return Filler(start, kSizes[choice % std::size(kSizes)]);
}

bool IsMadeBody(std::string_view body, size_t start) { return body == Filler(start, body.size()); }

std::string MadeFrame(Choices& choices) {
  enum class Way { kBinary, kJson, kZstd, kNotZstd, kAsItIs, kRecord, kNumbers };
  const auto way = static_cast<Way>(choices.UpTo(static_cast<size_t>(Way::kNumbers)));
  hand::Fields fields;
  fields.kind = static_cast<wire::Kind>(choices.UpTo(10));
  fields.call = choices.UpTo(12);
  fields.flags = choices.Byte();
  fields.name = kNames[choices.UpTo(std::size(kNames) - 1)];
  fields.code = choices.UpTo(20);
  if (choices.UpTo(3) == 0) fields.metadata = {{"key", choices.Bytes(3)}};
  if (choices.UpTo(3) == 0) fields.timeout_us = Number(choices);
  if (choices.UpTo(1) == 0) fields.credit = Number(choices);
  switch (way) {
    case Way::kBinary:
      return Encoded(fields, MadeBody(choices));
    case Way::kJson:
      return hand::Json(JsonMembers(fields), MadeBody(choices));
    case Way::kZstd:
      fields.encoding = wire::Encoding::kZstd;
      return Encoded(fields, hand::Zstd(MadeBody(choices)));
    case Way::kNotZstd:
      fields.encoding = wire::Encoding::kZstd;
      return Encoded(fields, choices.Bytes(20));
    case Way::kAsItIs:
      fields.size = Number(choices);
      fields.md5 = choices.Bytes(choices.UpTo(16));
      return hand::FrameAsItIs(fields, choices.Bytes(fields.size));
    case Way::kRecord:
      return hand::Record(choices.Bytes(choices.Byte()), choices.Bytes(choices.Byte()));
    case Way::kNumbers:
      fields.call = Number(choices);
      return Encoded(fields, choices.Bytes(choices.UpTo(30)));
  }
  return "";
}

}  // namespace rpc::session
