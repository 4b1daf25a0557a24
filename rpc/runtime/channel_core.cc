#include "rpc/runtime/channel_core.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/net/socket.h"
#include "rpc/runtime/duration.h"

namespace rpc::runtime {
namespace {

session::Limits LimitsOf(const ChannelOptions& options) {
  session::Limits limits = options.limits;
  limits.idle_timeout_us = std::min(limits.idle_timeout_us, LimitUs(options.idle_timeout));
  return limits;
}

absl::Status PrepareTls(Target* target) {
  const net::Tls* const given = target->options.tls;
  const std::string address = ToString(*target->address);
  const net::Scheme scheme = target->address->scheme;
  if (given == nullptr && scheme != net::Scheme::kTls) return absl::OkStatus();
  if (given == nullptr) {
    absl::StatusOr<net::Tls> by_system = net::Tls::Client();
    if (!by_system.ok()) return by_system.status();
    target->connecting.tls = *std::move(by_system);
    return absl::OkStatus();
  }
  if (scheme != net::Scheme::kTls && scheme != net::Scheme::kUnix) {
    return absl::InvalidArgumentError(
        absl::StrCat("ChannelOptions::tls is for tls:// and unix:, not for ", address));
  }
  if (!given->is_client()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the Tls for ", address, " is for servers: Tls::Client makes one for channels"));
  }
  target->connecting.tls = *given;
  target->limits.md5_waived = target->limits.md5_waived || given->md5_waived();
  return absl::OkStatus();
}

}  // namespace

std::shared_ptr<ChannelCore> ChannelCore::To(std::string_view address,
                                             const ChannelOptions& options) {
  Target target(options, LimitsOf(options));
  target.address = net::ParseAddress(address);
  if (target.address.ok()) {
    absl::Status status = net::CheckOptions(*target.address, options.socket);
    if (status.ok()) status = PrepareTls(&target);
    if (!status.ok()) target.address = status;
  }
  return std::shared_ptr<ChannelCore>(new ChannelCore(std::move(target)));
}

std::shared_ptr<ChannelCore> ChannelCore::Through(std::shared_ptr<Door> door,
                                                  const ChannelOptions& options) {
  Target target(options, LimitsOf(options));
  target.door = std::move(door);
  return std::shared_ptr<ChannelCore>(new ChannelCore(std::move(target)));
}

ChannelCore::~ChannelCore() {
  for (Part* part = first_.load(); part != nullptr;) {
    // Its connections belong to its loop. A loop that has ended has taken them from it.
    std::shared_ptr<LoopChannel> channel = std::move(part->channel);
    const std::shared_ptr<net::Mailbox> mailbox = channel->mailbox();
    mailbox->Post([channel = std::move(channel)] {});
    delete std::exchange(part, part->next);
  }
}

net::Loop* ChannelCore::LoopForCaller() const {
  if (options().loop != nullptr) return options().loop;
  net::Loop* const current = net::Loop::Current();
  return current != nullptr ? current : net::BackgroundLoop();
}

LoopChannel* ChannelCore::OnLoop(net::Loop* loop) {
  for (Part* part = first_.load(std::memory_order_acquire); part != nullptr; part = part->next) {
    if (part->channel->IsOn(loop)) return part->channel.get();
  }
  std::lock_guard lock(mutex_);
  auto* part = new Part{std::make_unique<LoopChannel>(target_, loop), first_.load()};
  first_.store(part, std::memory_order_release);
  return part->channel.get();
}

ChannelState ChannelCore::state() const {
  Part* part = first_.load(std::memory_order_acquire);
  ChannelState best = part == nullptr ? ChannelState::kIdle : part->channel->state();
  for (; part != nullptr; part = part->next) {
    best = Better(best, part->channel->state());
  }
  return best;
}

}  // namespace rpc::runtime
