// What the copies of a Channel share: where it leads, and its parts on the loops that use it.
//
// Internal. Threads: any, once it is set up.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/channel.h"
#include "rpc/client_interceptor.h"
#include "rpc/net/address.h"
#include "rpc/net/loop.h"
#include "rpc/runtime/door.h"
#include "rpc/runtime/loop_channel.h"

namespace rpc::runtime {

class ChannelCore {
 public:
  // To an address, or through a door of this process.
  static std::shared_ptr<ChannelCore> To(std::string_view address, const ChannelOptions& options);
  static std::shared_ptr<ChannelCore> Through(std::shared_ptr<Door> door,
                                              const ChannelOptions& options);
  ~ChannelCore();

  const ChannelOptions& options() const { return target_->options; }

  std::vector<ClientInterceptor>& interceptors() { return interceptors_; }

  // The loop for a call that this thread makes.
  net::Loop* LoopForCaller() const;
  // The part on a loop; on its thread.
  LoopChannel* OnLoop(net::Loop* loop);

  ChannelState state() const;

 private:
  explicit ChannelCore(Target target)
      : target_(std::make_shared<const Target>(std::move(target))) {}

  const std::shared_ptr<const Target> target_;
  std::vector<ClientInterceptor> interceptors_;

  // Few: one for each loop that ever made a call. Read without the mutex, from first_ on.
  struct Part {
    std::unique_ptr<LoopChannel> channel;
    Part* next;
  };
  std::atomic<Part*> first_{nullptr};
  std::mutex mutex_;  // for adding
};

}  // namespace rpc::runtime
