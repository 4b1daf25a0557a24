#include "services/terminal/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "services/terminal/text.h"

namespace terminal {
namespace {

constexpr size_t kColumnsWhenUnknown = 80;

bool IsTerminal(int fd) {
  const char* const kind = std::getenv("TERM");
  return isatty(fd) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

// What prints `text` as whole lines.
std::string AsLines(std::string text) {
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

}  // namespace

size_t ColumnsOf(int fd) {
  winsize size = {};
  const bool is_known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : kColumnsWhenUnknown;
}

Screen::Screen(int fd, const LineEditor* editor)
    : fd_(fd), editor_(editor), is_terminal_(IsTerminal(fd)), columns_(ColumnsOf(fd)) {}

void Screen::Print(std::string_view text) { PrintRaw(HarmlessLines(text)); }

void Screen::PrintRaw(std::string_view text) {
  const std::string erasing = Erasing();
  Write(erasing + AsLines(std::string(text)) + Drawing());
}

void Screen::Draw() {
  if (!is_terminal_) return;
  is_shown_ = true;
  Write(Drawing());
}

void Screen::Hide() {
  if (!is_terminal_) return;
  is_shown_ = false;
  const std::string erasing = Erasing();
  is_drawn_ = false;
  Write(erasing + Drawing());
}

void Screen::Enter(std::string_view text) {
  if (!is_terminal_) return;
  is_shown_ = false;
  const std::string prompt = editor_ == nullptr ? "" : editor_->prompt();
  const std::string erasing = Erasing();
  is_drawn_ = false;
  Write(erasing + Harmless(prompt + std::string(text)) + "\n" + Drawing());
}

void Screen::ShowStatus(std::string_view text) {
  if (!is_terminal_) return;
  status_ = Harmless(text);
  const std::string erasing = Erasing();
  is_drawn_ = false;
  const std::string drawing = Drawing();
  Write(drawing.empty() ? erasing : drawing);
}

void Screen::Clear() {
  if (!is_terminal_) return;
  Write("\x1b[H\x1b[2J" + Drawing());
}

void Screen::Resize() {
  columns_ = ColumnsOf(fd_);
  if (!is_terminal_) return;
  const std::string erasing = Erasing();
  Write(erasing + Drawing());
}

std::string Screen::Erasing() const { return is_drawn_ ? "\r\x1b[J" : ""; }

std::string Screen::Drawing() {
  is_drawn_ = is_terminal_ && (!status_.empty() || (is_shown_ && editor_ != nullptr));
  if (!is_drawn_) return "";
  if (!status_.empty()) {
    return "\r" + std::string(FirstColumns(status_, columns_ - 1)) + "\x1b[K";
  }
  const LineView view = editor_->View(columns_);
  const std::string move = view.cursor == 0 ? "\r" : "\r\x1b[" + std::to_string(view.cursor) + "C";
  return "\r" + view.text + "\x1b[K" + move;
}

void Screen::Write(std::string_view bytes) {
  while (ok_ && !bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd writable = {.fd = fd_, .events = POLLOUT, .revents = 0};
      poll(&writable, 1, -1);
    } else {
      ok_ = errno == EINTR;
    }
  }
}

}  // namespace terminal
