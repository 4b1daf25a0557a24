#include "services/terminal/raw_mode.h"

#include <signal.h>
#include <termios.h>

#include "services/terminal/signal_actions.h"

namespace terminal {
namespace {

// Output is left as it is: a line feed still begins a line.
termios RawOf(termios mode) {
  mode.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN | ISIG);
  mode.c_cflag |= CS8;
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  return mode;
}

}  // namespace

RawMode::RawMode(int fd) {
  termios before = {};
  is_active_ = tcgetattr(fd, &before) == 0;
  if (is_active_) LookAfterTerminal(fd, before, RawOf(before));
}

RawMode::~RawMode() {
  if (is_active_) LookAfterTerminalNoMore();
}

void RawMode::Pause() {
  if (is_active_) GiveTerminalBack();
}

void RawMode::Resume() {
  if (is_active_) TakeTerminalAgain();
}

void RawMode::Suspend() {
  Pause();
  struct sigaction ignored = {}, by_default = {}, before = {};
  ignored.sa_handler = SIG_IGN;
  by_default.sa_handler = SIG_DFL;
  // The others of the job first: this thread is then stopped by a signal of its own, and so does
  // not run on for a while.
  sigaction(SIGTSTP, &ignored, &before);
  kill(0, SIGTSTP);
  sigaction(SIGTSTP, &by_default, nullptr);
  raise(SIGTSTP);
  sigaction(SIGTSTP, &before, nullptr);
  Resume();
}

}  // namespace terminal
