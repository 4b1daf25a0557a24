// A terminal for a test in this process: what is written to one end comes out at the other.
//
//     PseudoTerminal terminal(40);
//     Screen screen(terminal.program_end());
//     EXPECT_EQ(terminal.Written(), "...");     // what the program has written by now
//     terminal.Type("hello\r");                 // what the program may read
#pragma once

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace terminal {

class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short columns = 80) {
    const winsize size = {.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    if (openpty(&user_end_, &program_end_, nullptr, nullptr, &size) != 0) std::abort();
    fcntl(user_end_, F_SETFL, O_NONBLOCK);
  }
  ~PseudoTerminal() {
    close(user_end_);
    CloseProgramEnd();
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  int program_end() const { return program_end_; }
  void CloseProgramEnd() {
    if (program_end_ >= 0) close(program_end_);
    program_end_ = -1;
  }

  void Resize(unsigned short columns) {
    const winsize size = {.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(user_end_, TIOCSWINSZ, &size);
  }
  void Type(std::string_view bytes) { (void)!write(user_end_, bytes.data(), bytes.size()); }

  std::string Written() {
    std::string written;
    char buffer[4096];
    for (ssize_t size; (size = read(user_end_, buffer, sizeof(buffer))) > 0;) {
      written.append(buffer, static_cast<size_t>(size));
    }
    return written;
  }

  bool IsRaw() const {
    termios mode = {};
    tcgetattr(program_end_, &mode);
    return (mode.c_lflag & (ICANON | ECHO | ISIG)) == 0;
  }

 private:
  int user_end_ = -1;
  int program_end_ = -1;
};

}  // namespace terminal
