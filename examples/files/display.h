// What a person sees while files are copied: at a terminal one line that moves, with a line above
// it for each file that is done; elsewhere plain lines.
//
//     Display display(files, bytes);
//     display.Begin(name, &transfer);
//     display.Show();                       // now and then
//     display.End(&transfer, status);
//
// Problems go to standard error; at a terminal above the line that moves.
//
// Threads: one at a time. Lifetime: each transfer outlives its End.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/files/attempts.h"
#include "services/terminal/progress_bar.h"
#include "services/terminal/screen.h"

namespace files {

class Display {
 public:
  // So many files, of so many bytes, are to be copied.
  Display(size_t files, uint64_t bytes);
  // Takes the line that moves away.
  ~Display() { screen_.ShowStatus(""); }
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

  bool is_terminal() const { return screen_.is_terminal(); }

  void Begin(const std::string& name, const Transfer* transfer);
  void End(const Transfer* transfer, const absl::Status& status);
  // What cannot be done.
  void Complain(const std::string& sentence);

  // How far it is now.
  void Show();
  // The window has changed.
  void Resize() { screen_.Resize(); }

 private:
  struct Running {
    std::string name = {};
    absl::Time begun = {};
    uint64_t offset = 0;  // that was told
    uint64_t there_before = 0;
    int interruptions = 0;         // that were seen
    uint64_t moved_when_told = 0;  // of the last interruption that was told
    bool told = false;
  };

  void Say(const std::string& line);
  void TellNews(const Transfer& transfer, Running* running);
  void TellInterruption(const Transfer& transfer, Running* running);
  void RestartBar();
  void ShowBar();
  std::string CheckText() const;
  uint64_t Done() const;

  terminal::Screen screen_;
  const size_t files_;
  const uint64_t bytes_;
  std::map<const Transfer*, Running> running_;
  uint64_t bytes_ended_ = 0;
  std::string title_;
  terminal::ProgressBar bar_;
  absl::Time bar_begun_;
  absl::Time bar_told_;  // where there is no terminal
  uint64_t done_seen_ = 0;
  absl::Time moved_at_;
};

}  // namespace files
