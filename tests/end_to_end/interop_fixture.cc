#include "tests/end_to_end/interop_fixture.h"

namespace rpc {

interop::UnaryRequest Asking(size_t payload_size, size_t reply_size) {
  interop::UnaryRequest request;
  request.set_payload(interop::MakePayload(payload_size));
  request.set_reply_size(reply_size);
  return request;
}

interop::UnaryRequest AskingLate(uint32_t pause_ms) {
  interop::UnaryRequest request;
  request.set_pause_ms(pause_ms);
  return request;
}

interop::UnaryRequest AskingFor(const interop::Ending& ending) {
  interop::UnaryRequest request;
  *request.mutable_ending() = ending;
  return request;
}

interop::Item MakeItem(size_t size) {
  interop::Item item;
  item.set_payload(interop::MakePayload(size));
  return item;
}

interop::ProduceRequest Producing(const std::vector<size_t>& sizes, uint32_t pause_ms) {
  interop::ProduceRequest request;
  for (const size_t size : sizes) {
    interop::Part* part = request.add_parts();
    part->set_size(size);
    part->set_pause_ms(pause_ms);
  }
  return request;
}

interop::ProduceRequest ProducingMany(size_t size, uint32_t count) {
  interop::ProduceRequest request = Producing({size});
  request.mutable_parts(0)->set_count(count);
  return request;
}

interop::Turn MakeTurn(const std::vector<size_t>& sizes) {
  interop::Turn turn;
  for (const size_t size : sizes) turn.add_parts()->set_size(size);
  return turn;
}

interop::Ending EndingWith(absl::StatusCode code, const std::string& message) {
  interop::Ending ending;
  ending.set_code(static_cast<uint32_t>(code));
  ending.set_message(message);
  return ending;
}

interop::ObserveRequest GivenUp(uint64_t calls) {
  interop::ObserveRequest request;
  request.set_given_up_min(calls);
  return request;
}

testing::AssertionResult IsPayload(const std::string& payload, size_t size) {
  if (payload.size() != size) {
    return testing::AssertionFailure() << payload.size() << " bytes and not " << size;
  }
  if (payload == interop::MakePayload(size)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << size << " bytes, but not those that were sent";
}

bool Says(const absl::Status& status, std::string_view words) {
  return std::string_view(status.message().data(), status.message().size()).find(words) !=
         std::string_view::npos;
}

std::vector<std::string> ValuesOf(const Metadata& metadata, std::string_view key) {
  std::vector<std::string> values;
  for (const Metadata::Entry& entry : metadata) {
    if (entry.key == key) values.push_back(entry.value);
  }
  return values;
}

InteropTest::InteropTest(const session::Limits& limits)
    : server_({.threads = threads(), .limits = limits}),
      address_(Serve()),
      channel_(MakeChannel()),
      interop_(channel_) {}

Channel InteropTest::MakeChannel(const ChannelOptions& options) {
  return ChannelOver(way(), &server_, address_, options);
}

std::string InteropTest::Serve() {
  server_.Add(service_);
  std::string address = ListenOver(way(), &server_);
  if (way() == Way::kInProcess) return "";
  const absl::Status started = server_.Start();
  EXPECT_TRUE(started.ok()) << started;
  return address;
}

void InteropTest::ExpectOneConnectionThatWorks() {
  const auto reply = interop_.Empty(interop::Nothing()).Wait();
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(connections(), 1u);
  EXPECT_EQ(server_.counters().broken_rules + server_.counters().bad_frames, 0u);
}

std::string InteropWayName(const testing::TestParamInfo<std::tuple<Way, int>>& info) {
  return WayName(std::get<0>(info.param)) +
         (std::get<1>(info.param) == 1 ? "OneThread" : "TwoThreads");
}

std::vector<std::tuple<Way, int>> InteropWays() {
  std::vector<std::tuple<Way, int>> ways = {
      {Way::kTcp, 2}, {Way::kAbstract, 2}, {Way::kMutualTls, 2}, {Way::kInProcess, 2}};
  for (const Way way : StreamWays()) ways.emplace_back(way, 1);
  return ways;
}

}  // namespace rpc
