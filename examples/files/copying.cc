#include "examples/files/copying.h"

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/terminal/signals.h"

namespace files {
namespace {

constexpr absl::Duration kShowInterval = absl::Milliseconds(100);

uint64_t BytesOf(const Plan& plan) {
  uint64_t bytes = 0;
  for (const Copy& copy : plan.copies) bytes += copy.size;
  return bytes;
}

}  // namespace

Copying::Copying(FileClient* client, Direction direction, const Plan* plan, size_t parallel)
    : client_(client),
      direction_(direction),
      plan_(plan),
      parallel_(std::min(parallel, plan->copies.size())),
      display_(plan->copies.size(), BytesOf(*plan)) {}

rpc::Task<int> Copying::Run() {
  for (const std::string& problem : plan_->problems) display_.Complain(problem);
  failed_ = plan_->problems.size();
  auto first = co_await rpc::WhenAny(CopyAll(), ShowNowAndThen(), AwaitSignals());
  if (first.index == 0 && !server_lost_) {
    display_.Show();
    co_return failed_ == 0 ? kAllCopied : kSomeFailed;
  }
  const int code = server_lost_ ? kSomeFailed : kInterrupted;
  TellWhy(code);
  co_return code;
}

void Copying::TellWhy(int code) {
  const size_t files = plan_->copies.size();
  const size_t missing = files - copied_;
  if (code == kSomeFailed) {
    return display_.Complain(absl::StrCat("the server cannot be reached: ", missing, " of ", files,
                                          missing == 1 ? " files was" : " files were",
                                          " not copied; the same command goes on"));
  }
  display_.Complain(absl::StrCat("interrupted with ", copied_, " of ", files,
                                 missing == 1 ? " files copied; the same command goes on with it"
                                              : " files copied; the same command goes on"));
}

rpc::Task<int> Copying::CopyAll() {
  std::vector<rpc::Task<>> copiers;
  for (size_t i = 0; i < parallel_; ++i) copiers.push_back(CopyNext());
  (void)co_await rpc::WhenAll(std::move(copiers));
  co_return kAllCopied;
}

rpc::Task<> Copying::CopyNext() {
  while (next_ < plan_->copies.size()) {
    const Copy& copy = plan_->copies[next_++];
    Transfer transfer;
    display_.Begin(direction_ == kUp ? copy.to : copy.from, &transfer);
    const absl::Status status = co_await CopyOne(copy, &transfer);
    if (!over_) co_await JudgeServer(status);
    if (over_) co_return absl::OkStatus();
    ++(status.ok() ? copied_ : failed_);
    display_.End(&transfer, status);
  }
  co_return absl::OkStatus();
}

// When a file has failed: whether it is the server, and every other would fail, too.
rpc::Task<void> Copying::JudgeServer(const absl::Status& status) {
  if (!IsBreak(status)) co_return;
  const absl::StatusOr<Entry> there = co_await client_->files().Stat(StatRequest());
  if (!IsBreak(there.status()) || over_) co_return;
  over_ = true;
  server_lost_ = true;
}

rpc::Task<> Copying::CopyOne(const Copy& copy, Transfer* transfer) {
  if (direction_ == kUp) return client_->Upload(copy.from, copy.to, transfer);
  return client_->Download(copy.from, *plan_->folder, copy.to, transfer);
}

rpc::Task<int> Copying::ShowNowAndThen() {
  absl::Status slept = absl::OkStatus();
  while (slept.ok() && !over_) {
    display_.Show();
    slept = co_await rpc::Sleep(kShowInterval);
  }
  co_return kInterrupted;
}

rpc::Task<int> Copying::AwaitSignals() {
  terminal::Signals signals({SIGINT, SIGTERM, SIGWINCH});
  for (;;) {
    const absl::StatusOr<int> signal = co_await signals.Next();
    if (!signal.ok() || *signal != SIGWINCH) {
      over_ = true;
      co_return kInterrupted;
    }
    display_.Resize();
  }
}

}  // namespace files
