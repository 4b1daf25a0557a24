// What the process does on a signal: one handler for all, for RawMode and for Signals, so that they
// may come and go in any order.
//
// Internal to raw_mode.cc and signals.cc. A signal's action is ours while the signal is awaited, or
// while a terminal has to be looked after; before and after that it is what it was.
//
// Threads: any; the functions here take turns.
#pragma once

#include <termios.h>

namespace terminal {

// Writes the number of the signal, as one byte, to this descriptor from now on. Throws
// std::logic_error when it is awaited already, std::invalid_argument when it cannot be.
void AwaitSignal(int number, int fd);
void AwaitSignalNoMore(int number);

// The terminal of `fd` is to be as `before` when the program ends or stops, and as `raw` when it
// goes on. It is raw now. Throws std::logic_error when there is one already.
void LookAfterTerminal(int fd, const termios& before, const termios& raw);
// The terminal is as before, and nothing is done to it from now on.
void LookAfterTerminalNoMore();

// The same for a while; the second has no effect without the first.
void GiveTerminalBack();
void TakeTerminalAgain();

}  // namespace terminal
