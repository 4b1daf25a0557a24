// A line that is being typed: its text, the cursor in it, and the lines that were entered before.
// No IO.
//
//     LineEditor editor("> ");
//     if (std::optional<Line> line = editor.Feed(key)) ...   // entered, or the user wants out
//     LineView view = editor.View(columns);                   // what to draw, and the cursor
//
// Left, Right, Home, End, Ctrl-arrows, Backspace, Delete, Ctrl-U, Ctrl-K and Ctrl-W edit; Up and
// Down go through the history, and back to what was being typed. The cursor steps over characters
// as they are seen: a letter with its accents, a wide character.
//
// A view is one row, whatever the length of the line: a long one shows the part around the cursor,
// with < and > where there is more.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/terminal/keys.h"

namespace terminal {

// What the editor leaves to its owner.
struct Line {
  enum class Kind : uint8_t {
    kText,       // Enter: the text
    kEof,        // Ctrl-D on an empty line
    kInterrupt,  // Ctrl-C: what was typed is gone
    kSuspend,    // Ctrl-Z: see RawMode::Suspend
    kQuit,       // Ctrl-backslash
    kClear,      // Ctrl-L: see Screen::Clear
    kTab,        // completion, for who has it: see text() and Replace
  };

  Kind kind = Kind::kText;
  std::string text = {};  // of kText
};

struct LineView {
  std::string text = {};  // harmless, of at most columns - 1 columns
  size_t cursor = 0;      // its column, from 0
};

class LineEditor {
 public:
  static constexpr size_t kSizeMax = 64 << 10;  // bytes of a line; what is more is not taken
  static constexpr size_t kHistoryMax = 1'000;  // lines

  explicit LineEditor(std::string prompt = "> ") : prompt_(std::move(prompt)) {}

  // A line when it is complete. The editor is empty then, and the line, unless it is empty or
  // that before, is the newest of the history.
  std::optional<Line> Feed(const Key& key);

  // Shown before the line; made harmless.
  void SetPrompt(std::string prompt) { prompt_ = std::move(prompt); }
  const std::string& prompt() const { return prompt_; }

  const std::string& text() const { return text_; }
  size_t cursor() const { return cursor_; }  // in bytes
  // Has it edit another text, with the cursor at its end.
  void Replace(std::string text);

  void AddToHistory(std::string text);
  const std::vector<std::string>& history() const { return history_; }  // the oldest first

  // For a terminal of so many columns.
  LineView View(size_t columns) const;

 private:
  Line Enter();
  std::optional<Line> EofOrDelete();
  Line Leave(Line::Kind kind);
  void Edit(const Key& key);
  void Move(Key::Kind kind);
  void Insert(std::string_view text);
  void Erase(size_t begin, size_t end);
  void Recall(size_t place);

  size_t Before(size_t at) const;  // one cell
  size_t After(size_t at) const;
  size_t WordBefore(size_t at) const;
  size_t WordAfter(size_t at) const;

  std::string prompt_;
  std::string text_;
  size_t cursor_ = 0;
  std::vector<std::string> history_;
  size_t recalled_ = 0;  // the place in the history that is shown; its size for what is typed
  std::string draft_;    // what was typed before Up
};

}  // namespace terminal
