#include "services/terminal/signal_actions.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace terminal {
namespace {

constexpr int kSignalMax = 64;
constexpr int kNobody = -1;
constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT};
constexpr std::string_view kPasteMarks = "\x1b[?2004h";
constexpr std::string_view kNoPasteMarks = "\x1b[?2004l";

// What the handler reads.
struct Awaiter {
  std::atomic<int> fd = kNobody;
};
std::array<Awaiter, kSignalMax> awaiters;
std::atomic<int> terminal_fd = kNobody;
std::atomic<bool> is_raw = false;
std::atomic<int> handlers_running = 0;
// Constant while there is a terminal.
termios mode_before;
termios mode_raw;

// What only functions outside of the handler see.
std::mutex mutex;
std::array<bool, kSignalMax> is_ours;
std::array<struct sigaction, kSignalMax> action_before;

// In the background the terminal belongs to somebody else. One that is not the one of this process
// has no foreground.
bool InForeground(int fd) {
  const pid_t foreground = tcgetpgrp(fd);
  return foreground <= 0 || foreground == getpgrp();
}

void SetMode(int fd, const termios& mode, std::string_view marks) {
  if (!InForeground(fd)) return;
  tcsetattr(fd, TCSANOW, &mode);
  (void)!write(fd, marks.data(), marks.size());
}

void MakeRaw() {
  const int fd = terminal_fd;
  if (fd != kNobody && is_raw) SetMode(fd, mode_raw, kPasteMarks);
}

void MakeAsBefore() {
  const int fd = terminal_fd;
  if (fd != kNobody && is_raw) SetMode(fd, mode_before, kNoPasteMarks);
}

void EndBy(int number) {
  MakeAsBefore();
  signal(number, SIG_DFL);
  raise(number);  // when the handler returns
}

// Returns when the process goes on.
void StopBy(int number) {
  MakeAsBefore();
  struct sigaction by_default = {}, ours = {};
  by_default.sa_handler = SIG_DFL;
  sigaction(number, &by_default, &ours);
  sigset_t stops = {}, masked = {};
  sigemptyset(&stops);
  sigaddset(&stops, number);
  raise(number);
  pthread_sigmask(SIG_UNBLOCK, &stops, &masked);
  pthread_sigmask(SIG_SETMASK, &masked, nullptr);
  sigaction(number, &ours, nullptr);
  MakeRaw();
}

bool Ends(int number) {
  for (const int each : kEnding) {
    if (each == number) return true;
  }
  return false;
}

void OnSignal(int number) {
  ++handlers_running;
  const int saved = errno;
  if (number == SIGCONT) MakeRaw();
  const int fd = awaiters[static_cast<size_t>(number)].fd;
  if (fd != kNobody) {
    const char told = static_cast<char>(number);
    (void)!write(fd, &told, 1);
  } else if (number == SIGTSTP) {
    StopBy(number);
  } else if (Ends(number)) {
    EndBy(number);
  }
  errno = saved;
  --handlers_running;
}

bool IsForTerminal(int number) { return number == SIGTSTP || number == SIGCONT || Ends(number); }

// Whoever started the process wants none of these to end it: `nohup`, or a shell's background.
bool IsIgnored(int number, const struct sigaction& action) {
  return action.sa_handler == SIG_IGN && Ends(number);
}

void Install(size_t number) {
  struct sigaction ours = {};
  ours.sa_handler = OnSignal;
  ours.sa_flags = SA_RESTART;
  sigfillset(&ours.sa_mask);
  sigaction(static_cast<int>(number), nullptr, &action_before[number]);
  if (IsIgnored(static_cast<int>(number), action_before[number])) return;
  sigaction(static_cast<int>(number), &ours, nullptr);
  is_ours[number] = true;
}

// Has the action of a signal be what it is to be now.
void Settle(int number) {
  const auto index = static_cast<size_t>(number);
  const bool wanted =
      awaiters[index].fd != kNobody || (terminal_fd != kNobody && IsForTerminal(number));
  if (wanted && !is_ours[index]) {
    Install(index);
  } else if (!wanted && is_ours[index]) {
    sigaction(number, &action_before[index], nullptr);
    is_ours[index] = false;
  }
}

void SettleForTerminal() {
  for (int number = 1; number < kSignalMax; ++number) {
    if (IsForTerminal(number)) Settle(number);
  }
}

// After this no handler uses what was taken away before.
void WaitForHandlers() {
  while (handlers_running > 0) std::this_thread::yield();
}

}  // namespace

void AwaitSignal(int number, int fd) {
  if (number < 1 || number >= kSignalMax || number == SIGKILL || number == SIGSTOP) {
    throw std::invalid_argument("signal " + std::to_string(number) + " cannot be awaited");
  }
  const std::lock_guard lock(mutex);
  int nobody = kNobody;
  if (!awaiters[static_cast<size_t>(number)].fd.compare_exchange_strong(nobody, fd)) {
    throw std::logic_error("signal " + std::to_string(number) + " is awaited already");
  }
  Settle(number);
}

void AwaitSignalNoMore(int number) {
  const std::lock_guard lock(mutex);
  awaiters[static_cast<size_t>(number)].fd = kNobody;
  Settle(number);
  WaitForHandlers();
}

void LookAfterTerminal(int fd, const termios& before, const termios& raw) {
  static const int at_exit = std::atexit(MakeAsBefore);
  (void)at_exit;
  const std::lock_guard lock(mutex);
  if (terminal_fd != kNobody) throw std::logic_error("the terminal is in raw mode already");
  mode_before = before;
  mode_raw = raw;
  terminal_fd = fd;
  is_raw = true;
  SettleForTerminal();
  MakeRaw();
}

void LookAfterTerminalNoMore() {
  const std::lock_guard lock(mutex);
  MakeAsBefore();
  is_raw = false;
  terminal_fd = kNobody;
  SettleForTerminal();
  WaitForHandlers();
}

void GiveTerminalBack() {
  const std::lock_guard lock(mutex);
  MakeAsBefore();
  is_raw = false;
}

void TakeTerminalAgain() {
  const std::lock_guard lock(mutex);
  is_raw = terminal_fd != kNobody;
  MakeRaw();
}

}  // namespace terminal
