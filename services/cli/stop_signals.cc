#include "services/cli/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

namespace cli {

StopSignals::StopSignals(rpc::net::Loop* loop, std::function<void()> on_stop)
    : on_stop_(std::move(on_stop)) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  rpc::net::Descriptor come(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  watch_.emplace(loop, std::move(come), static_cast<rpc::net::Watch::User*>(this));
  watch_->Want(rpc::net::Watch::kReadable);
}

StopSignals::~StopSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void StopSignals::OnEvents(int) {
  signalfd_siginfo signal = {};
  const bool any = read(watch_->fd(), &signal, sizeof(signal)) == sizeof(signal);
  watch_->Want(rpc::net::Watch::kReadable);
  if (any) on_stop_();
}

}  // namespace cli
