// What a stranger may send to a server that listens: what comes back, how soon, and what counts it.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "rpc/wire/header.pb.h"
#include "services/echo/echo.rpc.h"
#include "services/echo/echo_service.h"
#include "tests/end_to_end/echo_fixture.h"
#include "tests/end_to_end/way.h"
#include "tests/support/eventually.h"
#include "tests/support/raw_socket.h"

namespace rpc {
namespace {

using testing::HasSubstr;
using wire::HeaderRecord;

// For the first header, and for a TLS handshake.
constexpr absl::Duration kPatience = absl::Milliseconds(300);
// Within which a stranger is sent away, on a machine that has other things to do.
constexpr absl::Duration kBound = absl::Seconds(5);

const std::vector<Way> kPlain = {Way::kTcp, Way::kAbstract};

using Counter = uint64_t ServerCounters::*;
constexpr Counter kAnyEnd[] = {
    &ServerCounters::plain_refused, &ServerCounters::handshakes_failed, &ServerCounters::not_frames,
    &ServerCounters::bad_frames,    &ServerCounters::broken_rules,      &ServerCounters::silent,
    &ServerCounters::dead,
};

struct BadInput {
  std::string name;
  std::string bytes;
  Counter counter = nullptr;  // none counts an end of the input
  // Of the GOAWAY that comes back, as the last of all. OK: nothing comes back, or an alert of TLS.
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string words = {};
  bool alert = false;
  bool then_ends = false;  // what the stranger does after its bytes, instead of waiting
  std::vector<Way> ways = kPlain;
};

std::string Length(size_t size) {
  const auto byte = [&](int shift) { return static_cast<char>(size >> shift); };
  return {byte(24), byte(16), byte(8), byte(0)};
}

std::string Record(const std::string& record) { return Length(record.size()) + record; }

std::string Frame(HeaderRecord::Kind kind, uint64_t call = 0, uint64_t size = 0) {
  HeaderRecord header;
  header.set_kind(kind);
  header.set_call(call);
  header.set_size(size);
  if (kind == HeaderRecord::CALL) header.set_name("echo.Echo/Say");
  return Record(header.SerializeAsString());
}

std::string Say(uint64_t call, uint64_t size = 0) { return Frame(HeaderRecord::CALL, call, size); }

constexpr char kHttp[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kGrpc("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
constexpr std::string_view kClientHello("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11);
constexpr uint64_t kNumberMax = 9'007'199'254'740'991;

std::vector<BadInput> AnotherProtocol() {
  constexpr Counter kCounter = &ServerCounters::not_frames;
  return {
      {"Garbage", "\xde\xad\xbe\xef" + std::string(1'000, '\xa5'), kCounter},
      {"Text", "hello?\n", kCounter},
      {"TlsHandshake", std::string(kClientHello) + std::string(508, 'r'), kCounter},
      {"HttpRequest", kHttp, kCounter},
      {"GrpcPreface", std::string(kGrpc), kCounter},
      {"JsonWithoutItsLength", R"({"name":"echo.Echo/Say"})", kCounter},
  };
}

std::vector<BadInput> UnreadableFrames() {
  constexpr Counter kCounter = &ServerCounters::bad_frames;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;
  return {
      {"NoHeader", Length(0), kCounter, kInvalid, "header length is 0"},
      {"HugeHeaderLength", Length(0xffffff), kCounter, kInvalid,
       "header length is 16777215, but must be from 1 to 65536"},
      {"HeaderLengthJustAbove", Length(65'537), kCounter, kInvalid, "65537"},
      {"MalformedHeader", Record("\xff\xff\xff"), kCounter, kInvalid, "header"},
      {"MalformedJson", Record("{nope}"), kCounter, kInvalid, "JSON"},
      {"HugeSize", Say(1, 1ull << 31), kCounter, kExhausted,
       "body of 2147483648 bytes, but at most 1073741824"},
      {"SizeThatIsNoNumber", Say(1, kNumberMax + 1), kCounter, kInvalid, "size"},
  };
}

std::vector<BadInput> BrokenRules() {
  constexpr Counter kCounter = &ServerCounters::broken_rules;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const std::string hello = Frame(HeaderRecord::HELLO);
  return {
      {"UnknownKind", Frame(static_cast<HeaderRecord::Kind>(9)), kCounter,
       absl::StatusCode::kUnimplemented, "kind 9"},
      {"MessageBeforeItsCall", Frame(HeaderRecord::MESSAGE, 7), kCounter, kInvalid, "7"},
      {"ServersFrame", Frame(HeaderRecord::END), kCounter, kInvalid, "END"},
      {"CallIdTwice", Say(5) + Say(5), kCounter, kInvalid, "CALL 5 is not above"},
      {"HelloTwice", hello + hello, kCounter, kInvalid, "HELLO"},
  };
}

std::vector<BadInput> TooLittle() {
  constexpr Counter kCounter = &ServerCounters::silent;
  return {
      {"Nothing", "", kCounter},
      {"HalfALength", std::string(2, '\0'), kCounter},
      {"HalfAHeader", Say(1).substr(0, 10), kCounter},
      {"HalfAHello", Frame(HeaderRecord::HELLO, 0, 22) + "ten bytes.", kCounter},
  };
}

std::vector<BadInput> EndsTooEarly() {
  return {
      {.name = "EndOfInputAtOnce", .bytes = "", .then_ends = true},
      {.name = "EndOfInputInsideALength", .bytes = std::string(3, '\0'), .then_ends = true},
      {.name = "EndOfInputInsideAHeader", .bytes = Say(1).substr(0, 10), .then_ends = true},
      {.name = "EndOfInputInsideABody", .bytes = Say(1, 100) + "ten bytes.", .then_ends = true},
  };
}

std::vector<BadInput> NoTls() {
  constexpr Counter kCounter = &ServerCounters::plain_refused;
  constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
  constexpr char kWords[] = "takes TLS only: connect with tls://";
  std::vector<BadInput> inputs = {
      {"PlainFrame", Say(1), kCounter, kDenied, kWords},
      {"PlainJson", Record(R"({"name":"echo.Echo/Say"})"), kCounter, kDenied, kWords},
      {"HttpRequest", kHttp, kCounter},
      {"Garbage", "\xde\xad\xbe\xef" + std::string(1'000, '\xa5'), kCounter},
  };
  for (BadInput& input : inputs) input.ways = {Way::kTls};
  return inputs;
}

std::vector<BadInput> BadHandshakes() {
  constexpr Counter kCounter = &ServerCounters::handshakes_failed;
  const std::string hello = std::string(kClientHello) + std::string(508, 'r');
  std::vector<BadInput> inputs = {
      {"Nothing", "", kCounter},
      {"HalfAClientHello", hello.substr(0, 200), kCounter},
      {.name = "ClientHelloWithoutSense", .bytes = hello, .counter = kCounter, .alert = true},
      {.name = "EndOfInputAtOnce", .bytes = "", .counter = kCounter, .then_ends = true},
  };
  for (BadInput& input : inputs) input.ways = {Way::kTls};
  return inputs;
}

struct Visit {
  BadInput input = {};
  Way way = Way::kTcp;
};

std::string NameOf(const Visit& visit) { return visit.input.name + WayName(visit.way); }

void PrintTo(const Visit& visit, std::ostream* out) { *out << NameOf(visit); }

std::vector<Visit> AllVisits() {
  std::vector<Visit> visits;
  for (const auto& inputs : {AnotherProtocol(), UnreadableFrames(), BrokenRules(), TooLittle(),
                             EndsTooEarly(), NoTls(), BadHandshakes()}) {
    for (const BadInput& input : inputs) {
      for (const Way way : input.ways) visits.push_back({.input = input, .way = way});
    }
  }
  return visits;
}

// The last frame of all, with its header in either form as text.
std::string LastFrame(std::string_view bytes) {
  std::string last;
  while (bytes.size() > 4) {
    size_t size = 0;
    for (const char c : bytes.substr(0, 4)) size = size << 8 | static_cast<uint8_t>(c);
    last = bytes.substr(4, size);
    HeaderRecord header;
    const bool is_binary = !last.starts_with("{") && header.ParseFromString(last);
    if (is_binary) last = header.ShortDebugString();
    bytes.remove_prefix(std::min<size_t>(bytes.size(), 4 + size + header.size()));
  }
  return last;
}

// A server that listens in each way, strangers by hand, and a client that is served all the time.
class StrangersTest : public testing::Test {
 protected:
  StrangersTest() {
    server_.Add(std::make_shared<echo::EchoService>());
    for (const Way way : {Way::kTcp, Way::kAbstract, Way::kTls}) {
      addresses_[way] = ListenOver(way, &server_);
    }
    EXPECT_TRUE(server_.Start().ok());
    friend_ = std::make_unique<echo::Echo::Client>(Channel(addresses_[Way::kTcp]));
    EXPECT_TRUE(FriendIsServed());
  }

  bool FriendIsServed() { return friend_->Say(Saying("x")).Wait().ok(); }

  RawSocket Send(const Visit& visit) {
    RawSocket stranger(visit.way == Way::kAbstract ? RawSocket::Family::kUnix
                                                   : RawSocket::Family::kTcp);
    EXPECT_TRUE(stranger.Connect(addresses_[visit.way]));
    EXPECT_TRUE(stranger.Send(visit.input.bytes));
    if (visit.input.then_ends) stranger.CloseWriting();
    return stranger;
  }

  // Whether so many connections that were ended have been counted, of every kind.
  bool HasEnded(uint64_t count) {
    return Eventually(
        [&] {
          const ServerCounters counters = server_.counters();
          uint64_t sum = 0;
          for (const Counter counter : kAnyEnd) sum += counters.*counter;
          return sum == count;
        },
        kBound);
  }
  bool OnlyTheFriendIsLeft() {
    return Eventually([&] { return server_.counters().connections_open == 1; }, kBound);
  }

  Server server_{{.handshake_timeout = kPatience,
                  .limits = {.first_header_timeout_us =
                                 static_cast<uint64_t>(absl::ToInt64Microseconds(kPatience))}}};
  std::map<Way, std::string> addresses_;
  std::unique_ptr<echo::Echo::Client> friend_;
};

class BadInputTest : public StrangersTest, public testing::WithParamInterface<Visit> {
 protected:
  static void ExpectAnswer(const BadInput& input, const std::string& answer) {
    if (input.code == absl::StatusCode::kOk) {
      EXPECT_EQ(answer.substr(0, 2), input.alert ? "\x15\x03" : "");
      return;
    }
    const std::string code = std::to_string(static_cast<int>(input.code));
    const std::string last = LastFrame(answer);
    EXPECT_THAT(last, testing::ContainsRegex("GOAWAY|\"goaway\""));
    EXPECT_THAT(last, testing::ContainsRegex("code\"?: ?" + code + "\\b"));
    EXPECT_THAT(last, HasSubstr(input.words));
  }
};

TEST_P(BadInputTest, EndsItsConnectionAndIsCounted) {
  const BadInput& input = GetParam().input;
  RawSocket stranger = Send(GetParam());
  EXPECT_TRUE(FriendIsServed());
  const std::optional<std::string> answer = stranger.ReadUntilEnd(kBound);
  ASSERT_TRUE(answer.has_value()) << "the connection is still open";
  ExpectAnswer(input, *answer);
  stranger.CloseWriting();
  EXPECT_TRUE(OnlyTheFriendIsLeft());
  EXPECT_TRUE(HasEnded(input.counter == nullptr ? 0 : 1));
  if (input.counter != nullptr) {
    EXPECT_EQ(server_.counters().*input.counter, 1u);
  }
  EXPECT_TRUE(FriendIsServed());
}

INSTANTIATE_TEST_SUITE_P(Each, BadInputTest, testing::ValuesIn(AllVisits()),
                         [](const auto& info) { return NameOf(info.param); });

TEST_F(StrangersTest, WhoKeepsSilentIsWaitedForUntilTheTimeoutAndNoLonger) {
  const absl::Time begin = absl::Now();
  RawSocket stranger = Send({.input = TooLittle()[0]});
  EXPECT_TRUE(stranger.ReadUntilEnd(kBound).has_value());
  EXPECT_GE(absl::Now() - begin, kPatience * 0.9);
}

TEST_F(StrangersTest, OneByteAfterTheOtherDoesNotPutTheTimeoutOff) {
  RawSocket stranger = Send({.input = TooLittle()[0]});
  const std::string call = Say(1);
  std::optional<std::string> answer;
  for (size_t i = 0; i + 1 < call.size() && !answer.has_value(); ++i) {
    stranger.Send(call.substr(i, 1));
    answer = stranger.ReadUntilEnd(kPatience / 5);
  }
  EXPECT_EQ(answer, "");
}

TEST_F(StrangersTest, ManyAtOnceAreAllSentAway) {
  const std::vector<Visit> visits = AllVisits();
  std::vector<RawSocket> strangers;
  for (int i = 0; i < 5; ++i) {
    for (const Visit& visit : visits) strangers.push_back(Send(visit));
    EXPECT_TRUE(FriendIsServed());
  }
  for (RawSocket& stranger : strangers) EXPECT_TRUE(stranger.ReadUntilEnd(kBound).has_value());
  EXPECT_TRUE(OnlyTheFriendIsLeft());
  const auto counted = std::count_if(visits.begin(), visits.end(), [](const Visit& visit) {
    return visit.input.counter != nullptr;
  });
  EXPECT_TRUE(HasEnded(5 * static_cast<uint64_t>(counted)));
  EXPECT_TRUE(FriendIsServed());
}

}  // namespace
}  // namespace rpc
