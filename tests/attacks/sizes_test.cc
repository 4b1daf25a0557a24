// What is too large, too deep or too long: headers, bodies, parts, names, metadata, JSON.
#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/echo/echo.rpc.h"
#include "tests/attacks/attack.h"
#include "tests/attacks/attacker.h"
#include "tests/session/hand_frames.h"
#include "tests/support/eventually.h"

namespace rpc::attacks {
namespace {

namespace hand = session::hand;

// What is sent over and over, on many connections.
struct Oversized {
  std::string name;
  std::string first = {};
  std::string repeated = {};
  int repeats = 1;
  // What is found in the last that comes back.
  std::string answer = {};
  bool ends_connection = false;
  // Bytes of the server's heap for each connection.
  int64_t heap_size_max = 512 * kKilobyte;
};

std::ostream& operator<<(std::ostream& out, const Oversized& oversized) {
  return out << oversized.name;
}

// As what a number in a header of protobuf reads.
std::string Code(int code) { return {'\x40', static_cast<char>(code)}; }
std::string JsonCode(int code) { return absl::StrCat("\"code\":", code); }

constexpr int kInvalidArgument = 3;
constexpr int kUnimplemented = 12;
constexpr int kResourceExhausted = 8;

constexpr session::Limits kLimits = {.message_size_max = 1 << 20, .memory_size_max = 4 << 20};

std::string WithSize(uint64_t size) {
  return hand::FrameAsItIs({.call = 1,
                            .flags = hand::kLast,
                            .name = echo::Echo::kSay,
                            .size = size,
                            .md5 = "0123456789abcdef"});
}

std::string WithMetadata(size_t entries, size_t key_size) {
  const std::string key(key_size, 'k');
  return hand::Frame({.call = 1,
                      .flags = hand::kLast,
                      .name = echo::Echo::kSay,
                      .metadata = {entries, wire::Metadatum{.key = key, .value = "v"}}});
}

// Messages in parts, of calls that are all open together: none of them ever becomes whole.
std::string PartsOfManyCalls() {
  const std::string part(60'000, 'p');
  std::string frames = hand::Hello();
  for (uint64_t call = 1; call <= 200; ++call) {
    frames += hand::Call(call, echo::Echo::kSay, part, hand::kMore);
  }
  return frames;
}

std::vector<Oversized> Frames() {
  const std::string chunk(100'000, 'x');
  return {
      {"HeaderLength", hand::Hello(), std::string("\0\xff\xff\xff", 4) + chunk, 1,
       Code(kInvalidArgument), true},
      {"HeaderThatNeverEnds", "", std::string("\0\1\0\0", 4) + chunk, 1, Code(kInvalidArgument),
       true},
      {"BodySize", WithSize(20 << 20), chunk, 100, Code(kResourceExhausted)},
      {"BodyBeyondTheCredit", hand::Hello() + WithSize(20 << 20), chunk, 100,
       Code(kResourceExhausted), true},
      {"HugeBodySize", hand::Hello(), WithSize(1ull << 40) + chunk, 1, Code(kResourceExhausted),
       true},
      {"MessageInParts",
       hand::Hello() + hand::Call(1, echo::Echo::kSay, chunk.substr(0, 60'000), hand::kMore),
       hand::Message(1, chunk.substr(0, 60'000), hand::kMore), 100, Code(kResourceExhausted), false,
       3 * kMegabyte},
      {"PartsOfManyCalls", PartsOfManyCalls(), "", 0, Code(kResourceExhausted), false,
       5 * kMegabyte},
      {"Metadata", hand::Hello(), WithMetadata(5'000, 3), 1, Code(kInvalidArgument)},
      {"MetadataKey", hand::Hello(), WithMetadata(1, 60'000), 1, Code(kInvalidArgument)},
      {"Name", hand::Hello(), hand::Call(1, std::string(60'000, 'n'), ""), 1, Code(kUnimplemented)},
  };
}

std::string Nested(std::string_view open, size_t times, std::string_view inside,
                   std::string_view close) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += open;
  text += inside;
  for (size_t i = 0; i < times; ++i) text += close;
  return text;
}

std::string JsonHeader(std::string_view members) { return hand::Json(members); }

std::string JsonSay(std::string_view body) {
  return hand::Json(absl::StrCat("\"call\":1,\"name\":\"echo.Echo/Say\""), body);
}

std::string Escapes(size_t count) { return Nested("\\u00e9", count, "", ""); }

std::vector<Oversized> JsonTexts() {
  constexpr size_t kDeep = 100'000;
  const std::string digits(60'000, '9');
  const std::string many_digits(900'000, '9');
  return {
      // 64 KiB are all that a header may have.
      {"HeaderOfLists", "", JsonHeader("\"x\":" + Nested("[", 30'000, "", "]")), 1,
       JsonCode(kInvalidArgument), true},
      {"HeaderOfObjects", "", JsonHeader("\"x\":" + Nested("{\"a\":", 9'000, "1", "}")), 1,
       JsonCode(kInvalidArgument), true},
      {"HeaderWithALongNumber", "", JsonHeader("\"call\":" + digits), 1, JsonCode(kInvalidArgument),
       true},
      {"HeaderWithALongExponent", "", JsonHeader("\"x\":1e" + digits + ",\"call\":-1"), 1,
       JsonCode(kInvalidArgument), true},
      {"HeaderOfEscapes", "", JsonHeader("\"call\":1,\"name\":\"" + Escapes(10'000) + "\""), 1,
       JsonCode(kUnimplemented)},
      {"HeaderOfTheSameMember", "",
       JsonHeader(Nested("\"call\":1,", 7'000, "\"name\":\"echo.Echo/None\"", "")), 1,
       JsonCode(kUnimplemented)},
      {"BodyOfLists", "", JsonSay(Nested("[", kDeep, "", "]")), 1, JsonCode(kInvalidArgument)},
      {"BodyOfObjects", "", JsonSay(Nested("{\"text\":", kDeep, "1", "}")), 1,
       JsonCode(kInvalidArgument)},
      {"BodyOfOpenBrackets", "", JsonSay(std::string(1'000'000, '[')), 1,
       JsonCode(kInvalidArgument)},
      {"BodyWithALongNumber", "", JsonSay("{\"text\":" + many_digits + "}"), 1,
       JsonCode(kInvalidArgument)},
      {"BodyWithALongNumberInItsPlace", "",
       hand::Json("\"call\":1,\"name\":\"echo.Echo/Sleep\"", "{\"ms\":" + many_digits + "}"), 1,
       JsonCode(kInvalidArgument)},
      {"BodyOfEscapes", "", JsonSay("{\"text\":\"" + Escapes(150'000) + "\",\"x\":1}"), 1,
       JsonCode(kInvalidArgument)},
      {"BodyOfTheSameMember", "",
       JsonSay("{" + Nested("\"text\":\"a\",", 80'000, "\"x\":1", "") + "}"), 1,
       JsonCode(kInvalidArgument)},
      {"BodyOfUnknownMembers", "",
       JsonSay("{" + Nested("\"no\":[],", 100'000, "\"x\":1", "") + "}"), 1,
       JsonCode(kInvalidArgument)},
  };
}

class OversizedTest : public testing::TestWithParam<Oversized> {
 protected:
  static void Send(Attacker& attacker) {
    const Oversized& what = GetParam();
    attacker.Send(what.first);
    for (int i = 0; i < what.repeats; ++i) attacker.Send(what.repeated);
  }
  // Whether the answer has come, and the connection lives on or not as it should.
  static bool IsAnswered(Attacker& attacker) {
    const bool open = attacker.Read();
    if (attacker.last_received().find(GetParam().answer) == std::string::npos) return false;
    return open != GetParam().ends_connection;
  }
};

TEST_P(OversizedTest, CostsNoMoreThanItsLimit) {
  constexpr int kConnections = Sanitized(20, 5);
  AttackedServer server(kLimits);
  Attack attack(&server, "oversized: " + GetParam().name);
  Attackers attackers = Connect(server.tcp(), kConnections);
  for (Attacker& attacker : attackers) Send(attacker);
  EXPECT_TRUE(
      Eventually([&] { return std::all_of(attackers.begin(), attackers.end(), IsAnswered); },
                 absl::Seconds(Sanitized(60, 200))));
  attackers.clear();
  EXPECT_TRUE(server.Eventually([](const Figures& f) { return f.counters.connections_open == 1; }));
  attack.End({.heap_size_max = kConnections * GetParam().heap_size_max + kMegabyte,
              .heap_size_left = 12 * kMegabyte,
              .rss_size_max = kConnections * GetParam().heap_size_max + 8 * kMegabyte,
              .cpu = absl::Seconds(8),
              .wall = absl::Seconds(20)});
}

INSTANTIATE_TEST_SUITE_P(Frames, OversizedTest, testing::ValuesIn(Frames()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Json, OversizedTest, testing::ValuesIn(JsonTexts()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rpc::attacks
