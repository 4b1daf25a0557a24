#include "rpc/net/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "rpc/net/socket_address.h"
#include "rpc/net/watch.h"

namespace rpc::net {
namespace {

// Connections of one turn: those that are open want their turn too.
constexpr int kAcceptsMax = 64;
constexpr TimeUs kPauseUs = 100'000;

// Errors of the connection that would have been accepted, and not of the listener.
bool IsOfConnection(int error_number) {
  switch (error_number) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

// The file that a unix socket is bound to, so that it is removed, and no other that took its place.
class SocketFile {
 public:
  explicit SocketFile(const Descriptor& socket) {
    const std::string text = ToString(LocalAddress(socket.get()));
    if (text.starts_with("unix:///")) path_ = text.substr(7);
    file_ = Look();
  }

  void Remove() const {
    const struct stat now = Look();
    if (file_.st_ino != 0 && now.st_ino == file_.st_ino && now.st_dev == file_.st_dev) {
      unlink(path_.c_str());
    }
  }

 private:
  // All zero when there is none.
  struct stat Look() const {
    struct stat file = {};
    if (!path_.empty()) lstat(path_.c_str(), &file);
    return file;
  }

  std::string path_;
  struct stat file_ = {};
};

}  // namespace

// The connections that the system has ready.
class Listener::Queue final : private Watch::User, private Timer {
 public:
  Queue(Loop* loop, Descriptor socket, OnAccept on_accept, OnFailure on_failure)
      : on_accept_(std::move(on_accept)),
        on_failure_(std::move(on_failure)),
        file_(socket),
        watch_(loop, std::move(socket), this) {
    watch_.Want(Watch::kReadable);
  }

  ~Queue() {
    file_.Remove();
    for (int i = 0; i < SOMAXCONN && AcceptOne(); ++i) continue;
  }

 private:
  void OnEvents(int) override {
    for (int i = 0; i < kAcceptsMax && AcceptOne(); ++i) continue;
  }

  void OnTime() override { watch_.Want(Watch::kReadable); }

  // False when it is no use to try again now.
  bool AcceptOne() {
    Descriptor socket(accept4(watch_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      if (paused_us_ != kNever) Resume();
      on_accept_(std::move(socket));
      return true;
    }
    if (errno == EAGAIN) return false;
    if (IsOfConnection(errno)) return true;
    Pause(errno);
    return false;
  }

  void Pause(int error_number) {
    if (on_failure_) on_failure_();
    const TimeUs now_us = watch_.loop()->now_us();
    if (paused_us_ == kNever) paused_us_ = now_us;
    if (!told_ && now_us >= next_told_us_) TellPaused(error_number, now_us);
    watch_.Want(0);
    watch_.loop()->SetTimer(this, now_us + kPauseUs);
  }

  // Strangers can make this happen as often as they like: one pause is told in a second, and its
  // end.
  void TellPaused(int error_number, TimeUs now_us) {
    told_ = true;
    next_told_us_ = now_us + session::kSecondUs;
    std::fprintf(stderr, "rpc: cannot accept on %s: %s; trying again every %d ms\n",
                 ToString(LocalAddress(watch_.fd())).c_str(), SystemReason(error_number).c_str(),
                 static_cast<int>(kPauseUs / 1000));
  }

  void Resume() {
    const TimeUs waited_us = watch_.loop()->now_us() - std::exchange(paused_us_, kNever);
    if (!std::exchange(told_, false)) return;
    std::fprintf(stderr, "rpc: accepting on %s again, after %.1f s\n",
                 ToString(LocalAddress(watch_.fd())).c_str(), static_cast<double>(waited_us) / 1e6);
  }

  OnAccept on_accept_;
  OnFailure on_failure_;
  SocketFile file_;
  Watch watch_;
  TimeUs paused_us_ = kNever;  // since when it cannot accept
  TimeUs next_told_us_ = 0;    // before that no other pause is told
  bool told_ = false;          // this one was
};

Listener::Listener(Loop* loop, Descriptor socket, OnAccept on_accept, OnFailure on_failure)
    : queue_(std::make_unique<Queue>(loop, std::move(socket), std::move(on_accept),
                                     std::move(on_failure))) {}

Listener::~Listener() = default;

}  // namespace rpc::net
