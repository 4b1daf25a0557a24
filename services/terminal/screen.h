// Where a program prints while its user types: text goes above the line that is being typed, and
// that line stays whole.
//
//     LineEditor editor("> ");
//     Screen screen(STDOUT_FILENO, &editor);
//     screen.Draw();                          // after each key, too
//     screen.Print("ann: hello");             // of others: made harmless, at any time
//     screen.Enter(line.text);                // the line stays as it was typed; the next is below
//     screen.Hide();                          // before leaving, or printing by other means
//
// Each call writes once. On what is not a terminal only Print and PrintRaw write, and nothing but
// their lines.
//
// Threads: one at a time. A terminal that takes nothing (Ctrl-S) makes a call wait; for much output
// there is Output. Lifetime: the descriptor and the editor outlive it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "services/terminal/line_editor.h"

namespace terminal {

class Screen {
 public:
  // Without an editor the line at the bottom is the status alone.
  explicit Screen(int fd, const LineEditor* editor = nullptr);

  bool is_terminal() const { return is_terminal_; }
  // As of the last Resize, which the constructor does too; 80 where nothing is known.
  size_t columns() const { return columns_; }

  // A line or several, above the line being typed. Made harmless.
  void Print(std::string_view text);
  // The same for text of the program's own that may hold colours: written as it is.
  void PrintRaw(std::string_view text);

  // Shows the line being typed as it is now, and again after each Print until Hide.
  void Draw();
  // Takes that line away. What is printed by other means goes there.
  void Hide();
  // The line that was entered stays where it is, wrapped if it is long; the next begins below it,
  // with the next Draw.
  void Enter(std::string_view text);

  // A line in place of the one being typed, cut to the width; an empty one gives that back. Made
  // harmless. Shown at once.
  void ShowStatus(std::string_view text);

  // Empties the screen.
  void Clear();
  // The window has changed, or the program was stopped and goes on: draws anew what is drawn.
  void Resize();

  // False once a write has failed: nobody reads.
  bool ok() const { return ok_; }

 private:
  std::string Erasing() const;  // what takes the drawn line away
  std::string Drawing();        // what draws it, or nothing when it is hidden
  void Write(std::string_view bytes);

  const int fd_;
  const LineEditor* const editor_;
  bool is_terminal_ = false;
  size_t columns_ = 80;
  std::string status_;
  bool is_shown_ = false;  // it is to be there after each call
  bool is_drawn_ = false;  // it is there now
  bool ok_ = true;
};

// The columns of a terminal; 80 when it does not say, or is none.
size_t ColumnsOf(int fd);

}  // namespace terminal
