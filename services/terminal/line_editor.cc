#include "services/terminal/line_editor.h"

#include <algorithm>
#include <utility>

#include "services/terminal/text.h"

namespace terminal {
namespace {

using Kind = Key::Kind;

// A terminal that is narrower shows nothing of the line.
constexpr size_t kColumnsMin = 8;

// A cell as it is shown.
struct Shown {
  std::string text = {};
  size_t column = 0;  // where it begins, from the line's beginning
  size_t width = 0;
};

std::vector<Shown> ShowCells(std::string_view text) {
  std::vector<Shown> cells;
  size_t column = 0;
  while (!text.empty()) {
    std::string shown = Harmless(TakeCell(&text).bytes);
    const size_t width = TextWidth(shown);
    cells.push_back({.text = std::move(shown), .column = column, .width = width});
    column += width;
  }
  return cells;
}

// The part of the cells from column `begin` to `end`. Of a wide one that is cut, blanks.
std::string Part(const std::vector<Shown>& cells, size_t begin, size_t end) {
  std::string part;
  for (const Shown& cell : cells) {
    const size_t cell_end = cell.column + cell.width;
    if (cell.column >= begin && cell_end <= end) {
      part += cell.text;
    } else if (cell_end > begin && cell.column < end) {
      part.append(std::min(cell_end, end) - std::max(cell.column, begin), ' ');
    }
  }
  return part;
}

// The first column of a part of `size` columns that holds the cursor. It moves by halves of a part,
// so that the text stands still while the cursor moves.
size_t BeginOfPart(size_t cursor, size_t size) {
  if (cursor < size) return 0;
  const size_t step = std::max<size_t>(size / 2, 1);
  return ((cursor - size) / step + 1) * step;
}

bool IsBlank(char byte) { return byte == ' '; }

}  // namespace

std::optional<Line> LineEditor::Feed(const Key& key) {
  switch (key.kind) {
    case Kind::kEnter:
      return Enter();
    case Kind::kEof:
      return EofOrDelete();
    case Kind::kInterrupt:
      return Leave(Line::Kind::kInterrupt);
    case Kind::kQuit:
      return Leave(Line::Kind::kQuit);
    case Kind::kSuspend:
      return Line{.kind = Line::Kind::kSuspend};
    case Kind::kClear:
      return Line{.kind = Line::Kind::kClear};
    case Kind::kTab:
      return Line{.kind = Line::Kind::kTab};
    default:
      Edit(key);
      return std::nullopt;
  }
}

void LineEditor::Edit(const Key& key) {
  switch (key.kind) {
    case Kind::kText:
      return Insert(key.text);
    case Kind::kBackspace:
      return Erase(Before(cursor_), cursor_);
    case Kind::kDelete:
      return Erase(cursor_, After(cursor_));
    case Kind::kKillLine:
      return Erase(0, cursor_);
    case Kind::kKillToEnd:
      return Erase(cursor_, text_.size());
    case Kind::kWordBack:
      return Erase(WordBefore(cursor_), cursor_);
    case Kind::kUp:
      return recalled_ > 0 ? Recall(recalled_ - 1) : void();
    case Kind::kDown:
      return recalled_ < history_.size() ? Recall(recalled_ + 1) : void();
    default:
      return Move(key.kind);
  }
}

void LineEditor::Move(Kind kind) {
  switch (kind) {
    case Kind::kLeft:
      cursor_ = Before(cursor_);
      break;
    case Kind::kRight:
      cursor_ = After(cursor_);
      break;
    case Kind::kHome:
      cursor_ = 0;
      break;
    case Kind::kEnd:
      cursor_ = text_.size();
      break;
    case Kind::kWordLeft:
      cursor_ = WordBefore(cursor_);
      break;
    case Kind::kWordRight:
      cursor_ = WordAfter(cursor_);
      break;
    default:
      break;
  }
}

Line LineEditor::Enter() {
  AddToHistory(text_);
  Line line = {.kind = Line::Kind::kText, .text = std::exchange(text_, {})};
  cursor_ = 0;
  return line;
}

std::optional<Line> LineEditor::EofOrDelete() {
  if (text_.empty()) return Line{.kind = Line::Kind::kEof};
  Erase(cursor_, After(cursor_));
  return std::nullopt;
}

Line LineEditor::Leave(Line::Kind kind) {
  Replace({});
  recalled_ = history_.size();
  return {.kind = kind};
}

void LineEditor::Replace(std::string text) {
  text_ = std::move(text);
  cursor_ = text_.size();
}

void LineEditor::Insert(std::string_view text) {
  std::string_view rest = text;
  std::string_view taken;
  while (!rest.empty()) {
    TakeCell(&rest);
    const size_t size = text.size() - rest.size();
    if (text_.size() + size > kSizeMax) break;
    taken = text.substr(0, size);
  }
  text_.insert(cursor_, taken);
  cursor_ += taken.size();
}

void LineEditor::Erase(size_t begin, size_t end) {
  text_.erase(begin, end - begin);
  cursor_ = begin;
}

void LineEditor::AddToHistory(std::string text) {
  if (!text.empty() && (history_.empty() || history_.back() != text)) {
    if (history_.size() == kHistoryMax) history_.erase(history_.begin());
    history_.push_back(std::move(text));
  }
  recalled_ = history_.size();
}

void LineEditor::Recall(size_t place) {
  if (recalled_ == history_.size()) draft_ = text_;
  recalled_ = place;
  Replace(place == history_.size() ? draft_ : history_[place]);
}

size_t LineEditor::Before(size_t at) const {
  size_t before = 0;
  std::string_view rest = text_;
  while (!rest.empty()) {
    const size_t begin = text_.size() - rest.size();
    if (begin >= at) break;
    before = begin;
    TakeCell(&rest);
  }
  return before;
}

size_t LineEditor::After(size_t at) const {
  std::string_view rest = std::string_view(text_).substr(at);
  if (!rest.empty()) TakeCell(&rest);
  return text_.size() - rest.size();
}

size_t LineEditor::WordBefore(size_t at) const {
  while (at > 0 && IsBlank(text_[at - 1])) --at;
  while (at > 0 && !IsBlank(text_[at - 1])) --at;
  return at;
}

size_t LineEditor::WordAfter(size_t at) const {
  while (at < text_.size() && IsBlank(text_[at])) ++at;
  while (at < text_.size() && !IsBlank(text_[at])) ++at;
  return at;
}

LineView LineEditor::View(size_t columns) const {
  if (columns < kColumnsMin) return {};
  const std::string harmless = Harmless(prompt_);
  const std::string prompt(FirstColumns(harmless, columns / 2));
  const size_t indent = TextWidth(prompt);
  const size_t room = columns - 1 - indent;
  const std::vector<Shown> cells = ShowCells(text_);
  const size_t width = cells.empty() ? 0 : cells.back().column + cells.back().width;
  const size_t cursor = TextWidth(Harmless(std::string_view(text_).substr(0, cursor_)));
  if (width <= room) return {.text = prompt + Part(cells, 0, width), .cursor = indent + cursor};

  const size_t size = room - 2;  // between the marks
  const size_t begin = BeginOfPart(cursor, size);
  const size_t end = begin + size;
  const std::string before = begin > 0 ? "<" : "";
  const std::string after = end < width ? ">" : "";
  return {.text = prompt + before + Part(cells, begin, end) + after,
          .cursor = indent + before.size() + cursor - begin};
}

}  // namespace terminal
