#include "rpc/net/signals.h"

#include <uv.h>

#include <memory>
#include <utility>
#include <vector>

namespace rpc::net {

// Freed when libuv has let go of the last of them.
struct Signals::Handles {
  Loop* loop = nullptr;
  std::function<void(int)> on_signal;
  std::vector<std::unique_ptr<uv_signal_t>> signals;
  size_t open = 0;
};

Signals::Signals(Loop* loop, const std::vector<int>& numbers, std::function<void(int)> on_signal)
    : handles_(new Handles) {
  handles_->loop = loop;
  handles_->on_signal = std::move(on_signal);
  for (const int number : numbers) {
    auto signal = std::make_unique<uv_signal_t>();
    uv_signal_init(loop->uv(), signal.get());
    signal->data = handles_;
    uv_signal_start(
        signal.get(),
        [](uv_signal_t* handle, int received) {
          auto* handles = static_cast<Handles*>(handle->data);
          const Loop::Turn turn(handles->loop);
          handles->on_signal(received);
        },
        number);
    uv_unref(reinterpret_cast<uv_handle_t*>(signal.get()));
    handles_->signals.push_back(std::move(signal));
    ++handles_->open;
  }
}

Signals::~Signals() {
  for (const std::unique_ptr<uv_signal_t>& signal : handles_->signals) {
    uv_close(reinterpret_cast<uv_handle_t*>(signal.get()), [](uv_handle_t* handle) {
      auto* handles = static_cast<Handles*>(handle->data);
      if (--handles->open == 0) delete handles;
    });
  }
}

}  // namespace rpc::net
