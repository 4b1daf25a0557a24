// Credit: both directions, every size around the borders, and windows that grow.
#include <gtest/gtest.h>

#include "tests/session/credit_book.h"
#include "tests/session/session_pair.h"

namespace rpc::session {
namespace {

constexpr int64_t kWindow = 256 << 10;

std::string Text(size_t size) {
  std::string text(size, 'x');
  for (size_t i = 0; i < size; i += 997) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

CreditBook BookOf(const SessionPair& pair, int64_t window = kWindow) {
  CreditBook book(window);
  for (const std::string& line : pair.trace()) book.Enter(line);
  return book;
}

class MessageOfSize : public testing::TestWithParam<size_t> {};

TEST_P(MessageOfSize, PassesBothWaysWithinTheCredit) {
  SessionPair pair;
  pair.Run();
  const std::string message = Text(GetParam());
  const uint64_t call = pair.OpenBare("Both");
  for (int i = 0; i < 3; ++i) {
    pair.client().Write(call, {message});
    pair.Run();
    pair.server().Write(call, {message});
    pair.Run();
  }
  EXPECT_TRUE(pair.AtServer(call).messages == std::vector<std::string>(3, message));
  EXPECT_TRUE(pair.AtClient(call).messages == std::vector<std::string>(3, message));
  CreditBook book = BookOf(pair);
  EXPECT_EQ(book.overdrawn(), "");
  EXPECT_GE(book.left("C", call), kWindow / 2);
  EXPECT_GE(book.left("S", call), kWindow / 2);
}

TEST_P(MessageOfSize, PassesWholeInCallAndEnd) {
  SessionPair pair;
  pair.Run();
  const std::string message = Text(GetParam());
  const uint64_t call = pair.Open("Unary", message);
  pair.Run();
  EXPECT_TRUE(pair.AtServer(call).request == message);
  pair.Reply(call, message);
  pair.Run();
  EXPECT_TRUE(pair.AtClient(call).body == message);
  EXPECT_TRUE(pair.AtClient(call).status.ok());
  EXPECT_EQ(BookOf(pair).overdrawn(), "");
}

TEST_P(MessageOfSize, PassesThroughTheSmallestWindow) {
  SessionPair pair({.client = {.call_window = 1, .call_window_max = 1},
                    .server = {.call_window = 1, .call_window_max = 1}});
  pair.Run();
  const std::string message = Text(GetParam());
  const uint64_t call = pair.Open("Unary", message);
  pair.Run();
  pair.Reply(call, message);
  pair.Run();
  EXPECT_TRUE(pair.AtClient(call).body == message);
  CreditBook book = BookOf(pair, kCallWindowMin);
  EXPECT_EQ(book.overdrawn(), "");
  EXPECT_LE(book.most("C", call), int64_t{kCallWindowMin});
  EXPECT_LE(book.most("S", call), int64_t{kCallWindowMin});
}

INSTANTIATE_TEST_SUITE_P(Sizes, MessageOfSize,
                         testing::Values(0, 1, 63, 64, 65, 65'535, 65'536, 65'537, 65'600, 131'072,
                                         262'143, 262'144, 262'145, 300'000, 5'000'000));

TEST(Credit, AWriterWaitsForASlowReaderAndHearsWhenItMayGoOn) {
  SessionPair pair({.read_at_once = false});
  pair.Run();
  const uint64_t call = pair.OpenBare("Both");
  int written = 0;
  while (pair.client().Write(call, {Text(10'000)}) == Sent::kGoOn) {
    ++written;
    pair.Run();
  }
  EXPECT_EQ(written, kWindow / 10'000);
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).writable, 0);
  EXPECT_EQ(pair.ReadServer(call).size(), size_t(written));
  pair.Run();
  EXPECT_EQ(pair.AtClient(call).writable, 1);
  EXPECT_EQ(pair.ReadServer(call).size(), 1u);
  EXPECT_EQ(pair.client().Write(call, {"more"}), Sent::kGoOn);
}

TEST(Credit, AHandlerWaitsForASlowClientAndHearsWhenItMayGoOn) {
  SessionPair pair({.read_at_once = false});
  const uint64_t call = pair.Open("ServerStream", "x");
  pair.Run();
  int written = 0;
  while (pair.server().Write(call, {Text(10'000)}) == Sent::kGoOn) {
    ++written;
    pair.Run();
  }
  EXPECT_EQ(written, kWindow / 10'000);
  EXPECT_EQ(pair.ReadClient(call).size(), size_t(written));
  pair.Run();
  EXPECT_EQ(pair.AtServer(call).writable, 1);
  EXPECT_EQ(pair.ReadClient(call).size(), 1u);
}

TEST(Credit, EmptyMessagesAreNotFree) {
  SessionPair pair({.read_at_once = false});
  pair.Run();
  const uint64_t call = pair.OpenBare("Both");
  int written = 0;
  while (pair.client().Write(call, {""}) == Sent::kGoOn) {
    ++written;
    pair.Run();
  }
  EXPECT_EQ(written, kWindow / 64);
  EXPECT_EQ(pair.ReadServer(call).size(), size_t(written));
}

TEST(Credit, AMessageIsCutToWhatIsLeftOfTheCredit) {
  SessionPair pair({.read_at_once = false});
  pair.Run();
  const uint64_t call = pair.OpenBare("Both");
  for (int i = 0; i < 3; ++i) pair.client().Write(call, {Text(65'536)});
  pair.client().Write(call, {Text(65'536 - 100)});
  pair.client().Write(call, {Text(150)});
  pair.Run();
  EXPECT_EQ(pair.trace().back(), "C: MESSAGE 1 100 bytes MORE");
  EXPECT_EQ(pair.ReadServer(call).size(), 4u);
  pair.Run();
  EXPECT_EQ(pair.trace().back(), "C: MESSAGE 1 50 bytes");
  EXPECT_EQ(pair.ReadServer(call), std::vector<std::string>({Text(150)}));
}

TEST(Credit, AMessageOfManyWindowsPassesThoughNobodyCanReadAPart) {
  SessionPair pair({.read_at_once = false});
  pair.Run();
  const uint64_t call = pair.OpenBare("Both");
  pair.client().Write(call, {Text(3 * kWindow + 5)});
  pair.Run();
  EXPECT_TRUE(pair.ReadServer(call) == std::vector<std::string>({Text(3 * kWindow + 5)}));
}

TEST(Credit, TheWindowGrowsForAReaderThatKeepsUp) {
  SessionPair pair;
  pair.Run();
  const uint64_t call = pair.OpenBare("ClientStream");
  for (int i = 0; i < 1000; ++i) {
    pair.client().Write(call, {Text(60'000)});
    pair.Run();
  }
  EXPECT_EQ(pair.AtServer(call).messages.size(), 1000u);
  CreditBook book = BookOf(pair);
  EXPECT_EQ(book.overdrawn(), "");
  // Less by what was under way when the last grant was made.
  EXPECT_LE(book.most("C", call), int64_t{4} << 20);
  EXPECT_GT(book.most("C", call), (int64_t{4} << 20) - 60'000);
}

TEST(Credit, TheWindowDoesNotGrowForAReaderThatIsLate) {
  SessionPair pair({.read_at_once = false});
  pair.Run();
  const uint64_t call = pair.OpenBare("ClientStream");
  for (int i = 0; i < 1000; ++i) {
    if (pair.client().Write(call, {Text(60'000)}) == Sent::kGoOn) continue;
    pair.Run();
    pair.ReadServer(call);
    pair.Run();
  }
  CreditBook book = BookOf(pair);
  EXPECT_EQ(book.overdrawn(), "");
  EXPECT_EQ(book.most("C", call), kWindow);
}

TEST(Credit, TheWindowDoesNotGrowWhileTheConnectionHoldsMuch) {
  SessionPair pair({.server = {.memory_size_max = 1 << 20}});
  pair.Run();
  const uint64_t held = pair.OpenBare("Both");
  pair.SetReadAtOnce(false);
  for (int i = 0; i < 4; ++i) pair.client().Write(held, {Text(65'536)});
  pair.Run();
  pair.SetReadAtOnce(true);
  const uint64_t call = pair.OpenBare("Both");
  for (int i = 0; i < 100; ++i) {
    pair.client().Write(call, {Text(60'000)});
    pair.Run();
  }
  EXPECT_EQ(BookOf(pair).most("C", call), kWindow);
}

TEST(Credit, GrownWindowsOfManyCallsFitIntoTheMemory) {
  const Limits limits{.call_window_max = 1 << 20, .memory_size_max = 8 << 20};
  SessionPair pair({.server = limits});
  pair.Run();
  std::vector<uint64_t> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(pair.OpenBare("Both"));
  for (int i = 0; i < 100; ++i) {
    for (const uint64_t call : calls) pair.client().Write(call, {Text(60'000)});
    pair.Run();
  }
  CreditBook book = BookOf(pair);
  int grown = 0;
  for (const uint64_t call : calls) grown += book.most("C", call) > kWindow;
  EXPECT_GT(grown, 0);
  pair.SetReadAtOnce(false);  // and all that was granted comes
  for (const uint64_t call : calls) {
    for (int i = 0; i < 20; ++i) pair.client().Write(call, {Text(60'000)});
  }
  pair.Run();
  EXPECT_EQ(pair.Count("S: END"), 0);
  EXPECT_GT(pair.server().memory_size(), 20u * kWindow * 9 / 10);
}

TEST(Credit, AClientWithoutHelloIsHeldBackByTheSocketAlone) {
  SessionPair pair({.hello = false, .read_at_once = false});
  const uint64_t call = pair.OpenBare("Both");
  int written = 0;
  do {
    ++written;
    pair.Run();
  } while (pair.client().Write(call, {Text(100'000)}) == Sent::kGoOn);
  EXPECT_FALSE(pair.server().WantsInput());
  EXPECT_LE(pair.server().memory_size(), 2u * kWindow + 100'000);
  EXPECT_EQ(pair.AtClient(call).writable, 0);
  size_t read = 0;
  for (size_t more = 1; more > 0; read += more) {
    more = pair.ReadServer(call).size();
    pair.Run();
  }
  EXPECT_TRUE(pair.server().WantsInput());
  EXPECT_EQ(pair.AtClient(call).writable, 1);
  EXPECT_EQ(read, size_t(written));
  EXPECT_EQ(pair.Count("S: CREDIT"), 0);
}

}  // namespace
}  // namespace rpc::session
