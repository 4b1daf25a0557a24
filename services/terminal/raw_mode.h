// Raw mode of a terminal: each key comes at once, is not shown by the terminal, and Ctrl-C and
// Ctrl-Z come as bytes. Pasted text comes between marks (bracketed paste), which KeyReader knows.
//
//     RawMode raw;                  // standard input; nothing happens when that is no terminal
//     if (line.kind == Line::Kind::kSuspend) {
//       screen.Hide();
//       raw.Suspend();              // stops the program as Ctrl-Z does; returns after `fg`
//       screen.Resize();
//     }
//
// The terminal is as before when this is destroyed, at exit(), when a signal ends the program
// (SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT), and while the program is stopped by SIGTSTP; raw
// again when it goes on. Signals that the program awaits (signals.h) are the program's matter; it
// need not await SIGCONT for this.
//
// Threads: any, one at a time. One at a time in a program: a second one throws std::logic_error.
#pragma once

#include <unistd.h>

namespace terminal {

class RawMode {
 public:
  explicit RawMode(int fd = STDIN_FILENO);
  ~RawMode();
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

  // Whether there is a terminal.
  bool is_active() const { return is_active_; }

  // Makes the terminal as it was before, for a while, say while another program has it; and raw
  // again.
  void Pause();
  void Resume();

  // Stops the program, and whatever stands with it in the shell's job, until the user has it go on.
  void Suspend();

 private:
  bool is_active_ = false;
};

}  // namespace terminal
