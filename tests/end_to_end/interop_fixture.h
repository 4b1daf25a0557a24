// A server with the interop service, and what its cases say in one line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "rpc/rpc.h"
#include "services/interop/interop.rpc.h"
#include "services/interop/interop_service.h"
#include "tests/end_to_end/way.h"

namespace rpc {

// Sizes that fit into one frame and sizes that do not, as the cases have them.
inline constexpr size_t kLargeRequestSize = 271'828;
inline constexpr size_t kLargeReplySize = 314'159;
inline const std::vector<size_t> kRequestSizes = {27'182, 8, 1'828, 45'904};
inline const std::vector<size_t> kReplySizes = {31'415, 9, 2'653, 58'979};

interop::UnaryRequest Asking(size_t payload_size, size_t reply_size);
interop::UnaryRequest AskingLate(uint32_t pause_ms);
interop::UnaryRequest AskingFor(const interop::Ending& ending);
interop::Item MakeItem(size_t size);
interop::ProduceRequest Producing(const std::vector<size_t>& sizes, uint32_t pause_ms = 0);
interop::ProduceRequest ProducingMany(size_t size, uint32_t count);
interop::Turn MakeTurn(const std::vector<size_t>& sizes);
interop::Ending EndingWith(absl::StatusCode code, const std::string& message);
interop::ObserveRequest GivenUp(uint64_t calls);

// The reply's payload is the one of this size that the service makes.
testing::AssertionResult IsPayload(const std::string& payload, size_t size);

// Whether the words stand in the sentence.
bool Says(const absl::Status& status, std::string_view words);

// In their order.
std::vector<std::string> ValuesOf(const Metadata& metadata, std::string_view key);

// What a plain thread reads of a stream until its end.
struct Chunks {
  std::vector<size_t> sizes = {};
  absl::Status status = {};
};

template <typename Stream>
Chunks ReadAll(Stream& stream) {
  Chunks chunks;
  while (const interop::Chunk* chunk = stream.Read().Wait()) {
    EXPECT_TRUE(IsPayload(chunk->payload(), chunk->payload().size()));
    chunks.sizes.push_back(chunk->payload().size());
  }
  chunks.status = stream.status();
  return chunks;
}

// Over each way to a server, and with so many threads in the server.
class InteropTest : public testing::TestWithParam<std::tuple<Way, int>> {
 protected:
  explicit InteropTest(const session::Limits& limits = {});

  Channel MakeChannel(const ChannelOptions& options = {});

  Way way() const { return std::get<0>(GetParam()); }
  int threads() const { return std::get<1>(GetParam()); }

  // The connections that the server has seen; a channel has one unless it was told otherwise.
  uint64_t connections() { return server_.counters().connections_accepted; }
  // Nothing that a case did broke the connection.
  void ExpectOneConnectionThatWorks();

  std::shared_ptr<interop::InteropService> service_ = std::make_shared<interop::InteropService>();
  Server server_;
  std::string address_;
  Channel channel_;
  interop::Interop::Client interop_;

 private:
  // Where it listens; nowhere for calls within the process.
  std::string Serve();
};

std::string InteropWayName(const testing::TestParamInfo<std::tuple<Way, int>>& info);

// Every way that carries streams with one thread, and some with two.
std::vector<std::tuple<Way, int>> InteropWays();

inline const auto kInteropWays = testing::ValuesIn(InteropWays());

}  // namespace rpc
