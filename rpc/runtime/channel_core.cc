#include "rpc/runtime/channel_core.h"

#include <utility>

namespace rpc::runtime {

std::shared_ptr<ChannelCore> ChannelCore::To(std::string_view address,
                                             const ChannelOptions& options) {
  return std::shared_ptr<ChannelCore>(
      new ChannelCore({options, net::ParseAddress(address), nullptr}));
}

std::shared_ptr<ChannelCore> ChannelCore::Through(std::shared_ptr<Door> door,
                                                  const ChannelOptions& options) {
  return std::shared_ptr<ChannelCore>(
      new ChannelCore({options, absl::InternalError("a door has no address"), std::move(door)}));
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
