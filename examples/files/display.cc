#include "examples/files/display.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/terminal/text.h"

namespace files {
namespace {

using terminal::Harmless;
using terminal::ProgressBar;
using terminal::SizeText;

// Between two lines that say how far it is, where there is no terminal: for logs.
constexpr absl::Duration kLineInterval = absl::Seconds(10);
constexpr size_t kLineColumns = 100;
// Without a byte for so long there is no rate, and no time that is left.
constexpr absl::Duration kStandstill = absl::Seconds(3);
// A rate of less time than that says nothing.
constexpr absl::Duration kRateTimeMin = absl::Seconds(1);

}  // namespace

Display::Display(size_t files, uint64_t bytes)
    : screen_(STDOUT_FILENO),
      files_(files),
      bytes_(bytes),
      title_(absl::StrCat(files, " files")),
      bar_(title_, bytes),
      bar_begun_(absl::Now()),
      bar_told_(bar_begun_),
      moved_at_(bar_begun_) {}

void Display::Begin(const std::string& name, const Transfer* transfer) {
  running_[transfer] = {.name = name, .begun = absl::Now()};
  if (files_ > 1) return;
  title_ = name;
  RestartBar();
}

void Display::End(const Transfer* transfer, const absl::Status& status) {
  // Why it ended at last is told below.
  if (!status.ok()) running_[transfer].interruptions = transfer->interruptions;
  TellNews(*transfer, &running_[transfer]);
  const Running running = std::move(running_[transfer]);
  running_.erase(transfer);
  if (status.ok()) bytes_ended_ += transfer->size;
  if (!status.ok()) {
    RestartBar();
    return Complain(absl::StrCat(
        running.name, ": ", absl::string_view(status.message().data(), status.message().size())));
  }
  if (transfer->moved == 0 && transfer->size > 0) {
    return Say(absl::StrCat(Harmless(running.name), ": ", SizeText(transfer->size),
                            ", was there already"));
  }
  const absl::Duration elapsed = absl::Now() - running.begun;
  if (elapsed < kRateTimeMin) {
    return Say(absl::StrCat(Harmless(running.name), ": ", SizeText(transfer->size)));
  }
  ProgressBar bar(running.name, transfer->size, running.there_before);
  bar.Update(transfer->size, elapsed);
  std::string line = bar.End();
  line.pop_back();
  Say(line);
}

void Display::Say(const std::string& line) { screen_.Print(line); }

void Display::Complain(const std::string& sentence) {
  const std::string line = absl::StrCat("files: ", Harmless(sentence));
  if (is_terminal()) return Say(line);
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", line.c_str());
}

void Display::Show() {
  for (auto& [transfer, running] : running_) TellNews(*transfer, &running);
  ShowBar();
}

void Display::TellNews(const Transfer& transfer, Running* running) {
  const std::string name = Harmless(running->name);
  if (transfer.interruptions > running->interruptions) TellInterruption(transfer, running);
  if (transfer.offset == running->offset) return;
  const bool is_first = transfer.attempts == 1;
  running->offset = transfer.offset;
  if (transfer.offset == 0) return;
  if (is_first) running->there_before = transfer.offset;
  if (transfer.offset < transfer.size) {
    Say(absl::StrCat(name, ": goes on at ", SizeText(transfer.offset), " of ",
                     SizeText(transfer.size)));
  }
  RestartBar();
}

// Once for as long as the server stays away.
void Display::TellInterruption(const Transfer& transfer, Running* running) {
  running->interruptions = transfer.interruptions;
  RestartBar();
  if (running->told && transfer.moved == running->moved_when_told) return;
  running->told = true;
  running->moved_when_told = transfer.moved;
  const absl::string_view why = transfer.interruption.message();
  Say(absl::StrCat(Harmless(running->name), ": interrupted, tries again: ", why));
}

// What was there before counts as done, and not for the rate.
void Display::RestartBar() {
  bar_ = ProgressBar(title_, bytes_, Done());
  bar_begun_ = absl::Now();
}

void Display::ShowBar() {
  const absl::Time now = absl::Now();
  const uint64_t done = Done();
  if (done != std::exchange(done_seen_, done)) moved_at_ = now;
  if (now - moved_at_ > kStandstill) RestartBar();
  bar_.Update(done, absl::Now() - bar_begun_);
  if (is_terminal()) {
    const std::string check = CheckText();
    return screen_.ShowStatus(check.empty() ? bar_.Text(screen_.columns()) : check);
  }
  if (now - bar_told_ < kLineInterval) return;
  bar_told_ = now;
  Say(bar_.Text(kLineColumns));
}

// While the only file is not moved, but read.
std::string Display::CheckText() const {
  if (files_ > 1 || running_.empty()) return "";
  const auto& [transfer, running] = *running_.begin();
  if (!transfer->checking) return "";
  return absl::StrCat(running.name, ": checks the ", SizeText(transfer->offset),
                      " that are there already");
}

uint64_t Display::Done() const {
  uint64_t done = bytes_ended_;
  for (const auto& [transfer, running] : running_) done += transfer->done;
  return done;
}

}  // namespace files
