#include "tests/simulation/datagram_network.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/wire/frame_text.h"

namespace rpc::simulation {
namespace {

std::string Describe(std::string_view bytes) {
  wire::Frame frame;
  const bool read = session::ReadDatagram(bytes, &frame);
  return absl::StrCat(bytes.size(), " bytes, ",
                      read ? wire::DescribeFrame(frame.header) : "no frame");
}

// Where the body begins, in a datagram that a session wrote.
size_t BodyStart(std::string_view bytes) {
  size_t length = 0;
  for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(bytes[i]);
  return 4 + length;
}

}  // namespace

void DatagramNetwork::Send(const std::string& source, const std::string& destination,
                           std::string_view bytes) {
  if (world_->tracing()) {
    world_->Write(absl::StrCat(source, " -> ", destination, ": ", Describe(bytes)));
  }
  if (source == kServerAddress) CheckAmplification(destination, bytes.size());
  if (destination == kServerAddress && on_overheard) on_overheard(source, bytes);
  Random& random = world_->random();
  int copies = 1;
  if (!world_->healed()) {
    if (random.Percent(scenario_->loss_percent)) {
      world_->Count("fault: datagram lost");
      return;
    }
    if (random.Percent(scenario_->copies_percent)) {
      copies = random.Between(2, 4);
      world_->Count("fault: datagram copied");
    }
  }
  for (; copies > 0; --copies) {
    std::string copy(bytes);
    Damage(source, destination, &copy);
    world_->After(Delay(), [this, source, destination, copy = std::move(copy)] {
      Deliver(source, destination, copy);
    });
  }
}

void DatagramNetwork::Inject(const std::string& source, const std::string& destination,
                             std::string bytes) {
  world_->After(Delay(), [this, source, destination, bytes = std::move(bytes)] {
    Deliver(source, destination, bytes);
  });
}

TimeUs DatagramNetwork::Delay() {
  Random& random = world_->random();
  const TimeUs delay_us = random.Below(scenario_->latency_us_max + 1);
  if (world_->healed() || !random.Percent(scenario_->late_percent)) return delay_us;
  world_->Count("fault: datagram late");
  return std::min(scenario_->late_us_max, delay_us + random.Spread(scenario_->late_us_max));
}

void DatagramNetwork::Damage(const std::string& source, const std::string& destination,
                             std::string* bytes) {
  Random& random = world_->random();
  if (world_->healed() || scenario_->calm) return;
  const size_t body = BodyStart(*bytes);
  if (random.Percent(scenario_->body_flip_percent) && body < bytes->size()) {
    world_->Count("fault: bit flipped in a body");
    Flip(bytes, body, bytes->size());
  }
  if (random.Percent(scenario_->header_flip_percent)) {
    world_->Count("fault: bit flipped in a header");
    Flip(bytes, 0, body);
    if (on_header_flip) on_header_flip(source == kServerAddress ? destination : source);
  }
  if (random.Percent(scenario_->cut_percent)) {
    world_->Count("fault: datagram cut");
    random.Percent(50) ? bytes->resize(random.Below(bytes->size()))
                       : bytes->resize(bytes->size() + random.Between(1, 50));
  }
}

void DatagramNetwork::Flip(std::string* bytes, size_t first, size_t end) {
  Random& random = world_->random();
  (*bytes)[random.Between(first, end - 1)] ^= static_cast<char>(1 << random.Below(8));
}

void DatagramNetwork::CheckAmplification(const std::string& destination, size_t size) {
  sent_to_[destination] += size;
  if (scenario_->server_limits.spoofing_impossible) return;
  if (sent_to_[destination] <= 3 * received_from_[destination]) return;
  world_->Complain(absl::StrCat("the server has sent ", sent_to_[destination], " bytes to ",
                                destination, ", more than 3 times the ",
                                received_from_[destination], " that came from there"));
}

void DatagramNetwork::Deliver(const std::string& source, const std::string& destination,
                              std::string_view bytes) {
  if (destination == kServerAddress) received_from_[source] += bytes.size();
  const auto receiver = receivers_.find(destination);
  if (receiver == receivers_.end()) return;
  // Of its own memory, exactly as large, so that a look beyond it or later is found.
  const auto copy = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  receiver->second(source, {copy.get(), bytes.size()});
}

}  // namespace rpc::simulation
