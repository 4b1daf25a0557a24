#include "tests/bench/load/clients.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "tests/bench/measure/payload.h"

namespace bench {
namespace {

rpc::ChannelOptions OptionsFor(const LoadOptions& options) {
  rpc::ChannelOptions of_channel;
  of_channel.default_timeout = options.timeout;
  of_channel.calls_waiting_max = static_cast<size_t>(options.calls_waiting_max);
  of_channel.limits.message_size_max =
      std::max(of_channel.limits.message_size_max, static_cast<uint64_t>(options.size) * 2);
  of_channel.limits.memory_size_max =
      std::max(of_channel.limits.memory_size_max, 4 * of_channel.limits.message_size_max);
  of_channel.limits.calls_max =
      std::max(of_channel.limits.calls_max, static_cast<uint64_t>(options.in_flight));
  of_channel.busy_poll = absl::Microseconds(options.busy_poll_us);
  of_channel.limits.md5_waived = options.md5_waived;
  if (!options.congestion.empty()) of_channel.socket.congestion = options.congestion.c_str();
  return of_channel;
}

}  // namespace

Clients::Clients(const LoadOptions& options) : options_(options) {
  for (int64_t i = 0; i < options.connections; ++i) {
    channels_.emplace_back(options_.server, OptionsFor(options_));
    stubs_.emplace_back(channels_.back());
  }
  const std::string payload = Payload(static_cast<size_t>(options.size));
  options.bytes ? request_.set_data(payload) : request_.set_text(payload);
  work_request_.set_work_us(static_cast<uint32_t>(options.work_us));
  *work_request_.mutable_blob() = request_;
}

absl::Status Clients::Connect() const {
  const std::vector<absl::Status> connected = rpc::Run([this] {
    std::vector<rpc::Task<>> connecting;
    for (const rpc::Channel& channel : channels_) {
      connecting.push_back(channel.Ready(options_.timeout));
    }
    return rpc::WhenAll(std::move(connecting));
  });
  for (const absl::Status& status : connected) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

Outcome OutcomeOf(const absl::Status& status) {
  if (status.ok()) return Outcome::kOk;
  return absl::IsResourceExhausted(status) ? Outcome::kRefused : Outcome::kFailed;
}

}  // namespace bench
