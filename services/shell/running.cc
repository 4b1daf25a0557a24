#include "services/shell/running.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace shell {
namespace {

// What a pipe holds, so that one read empties it.
constexpr size_t kChunkSize = 65'536;

constexpr uint32_t kSignalMax = 31;

// Until the call is over.
rpc::Sleep ForEver() { return rpc::Sleep(absl::InfiniteDuration()); }

}  // namespace

Running::Running(const ShellOptions& options, rpc::Process* process, Stream* stream)
    : options_(options),
      process_(process),
      stream_(stream),
      sources_{Source{process->out(), &Output::mutable_out},
               Source{process->err(), &Output::mutable_err}} {}

rpc::Task<> Running::Complete() {
  auto first = co_await rpc::WhenAny(SendOutput(), TakeInput(), EndInTime());
  if (first.index == 0) co_return first.get<0>();
  if (first.index == 1) co_return first.get<1>();
  co_return first.get<2>();
}

rpc::Task<> Running::SendOutput() {
  while (!process_->exited().has_value()) {
    absl::Status sent = co_await SendWhatIsThere();
    if (!sent.ok()) co_return sent;
    absl::Status changed = co_await Changed();
    if (!changed.ok()) co_return changed;
  }
  absl::Status sent = co_await SendWhatIsThere();
  if (!sent.ok()) co_return sent;
  co_return co_await SendExit();
}

// From both in turn, until neither has anything more.
rpc::Task<> Running::SendWhatIsThere() {
  bool any = true;
  while (any) {
    any = false;
    for (Source& source : sources_) {
      const bool read = Read(&source);
      if (!read) continue;
      any = true;
      const bool written = co_await stream_->Write(output_);
      if (!written) co_return stream_->status();
    }
  }
  co_return absl::OkStatus();
}

bool Running::Read(Source* source) {
  if (process_->exited().has_value()) ReadOnlyWhatIsThere();
  const size_t size_max = std::min(kChunkSize, source->left);
  if (size_max == 0) return false;
  std::string* const bytes = (output_.*source->field)();
  bytes->resize(size_max);
  const ssize_t size = read(source->pipe->fd(), bytes->data(), size_max);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  bytes->resize(size < 0 ? 0 : static_cast<size_t>(size));
  source->left = bytes->empty() ? 0 : source->left - bytes->size();
  return KeepWithinLimit(bytes);
}

// From now on; once.
void Running::ReadOnlyWhatIsThere() {
  if (std::exchange(reads_to_end_, true)) return;
  for (Source& source : sources_) {
    int size = 0;
    if (ioctl(source.pipe->fd(), FIONREAD, &size) != 0) size = 0;
    source.left = std::min(source.left, static_cast<size_t>(size));
  }
}

// False when nothing of it is to be sent.
bool Running::KeepWithinLimit(std::string* bytes) {
  const uint64_t room = options_.output_size_max - sent_size_;
  if (bytes->size() > room) {
    limit_ = LIMIT_OUTPUT;
    process_->Signal(SIGKILL);
    bytes->resize(room);
    for (Source& source : sources_) source.left = 0;
  }
  sent_size_ += bytes->size();
  return !bytes->empty();
}

rpc::Task<> Running::Changed() {
  auto first =
      co_await rpc::WhenAny(process_->Exit(), Readable(&sources_[0]), Readable(&sources_[1]));
  if (first.index == 0) co_return first.get<0>().status();
  if (first.index == 1) co_return first.get<1>();
  co_return first.get<2>();
}

rpc::Task<> Running::Readable(Source* source) {
  const bool ended = source->left == 0;  // such a pipe would be readable for ever
  if (ended) co_return co_await ForEver();
  co_return co_await source->pipe->Readable();
}

rpc::Task<> Running::SendExit() {
  Exit& exit = *output_.mutable_exit();
  exit.set_code(static_cast<uint32_t>(process_->exited()->code));
  exit.set_signal(static_cast<uint32_t>(process_->exited()->signal));
  exit.set_limit(limit_);
  const bool written = co_await stream_->Write(output_);
  if (!written) co_return stream_->status();
  co_return absl::OkStatus();
}

rpc::Task<> Running::TakeInput() {
  const Input* input = co_await stream_->Read();
  while (input != nullptr) {
    absl::Status taken = co_await Take(*input);
    if (!taken.ok()) co_return taken;
    input = co_await stream_->Read();
  }
  if (!stream_->status().ok()) co_return stream_->status();
  process_->CloseInput();
  co_return co_await ForEver();
}

rpc::Task<> Running::Take(const Input& input) {
  if (input.kind_case() == Input::kInput) return Feed(input.input());
  if (input.kind_case() == Input::kSignal) return Signal(input.signal());
  if (input.kind_case() != Input::kEnd) {
    return absl::InvalidArgumentError("behind the command come its input and signals");
  }
  process_->CloseInput();
  return absl::OkStatus();
}

absl::Status Running::Signal(uint32_t number) {
  if (number == 0 || number > kSignalMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a signal is a number from 1 to ", kSignalMax, ", not ", number));
  }
  process_->Signal(static_cast<int>(number));
  return absl::OkStatus();
}

rpc::Task<> Running::Feed(std::string_view bytes) {
  while (!bytes.empty() && process_->in() != nullptr) {
    const ssize_t size = process_->WriteInput(bytes);
    if (size >= 0) {
      bytes.remove_prefix(static_cast<size_t>(size));
    } else if (errno != EAGAIN && errno != EINTR) {
      process_->CloseInput();
    } else {
      absl::Status writable = co_await process_->in()->Writable();
      if (!writable.ok()) co_return writable;
    }
  }
  co_return absl::OkStatus();
}

rpc::Task<> Running::EndInTime() {
  auto first = co_await rpc::WhenAny(process_->Exit(), rpc::Sleep(options_.time_max));
  if (first.index == 1) {
    if (!first.get<1>().ok()) co_return first.get<1>();
    limit_ = LIMIT_TIME;
    process_->Signal(SIGKILL);
    absl::StatusOr<rpc::ProcessExit> exit = co_await process_->Exit();
    if (!exit.ok()) co_return exit.status();
  }
  absl::Status passed = co_await rpc::Sleep(options_.time_max);
  if (!passed.ok()) co_return passed;
  co_return absl::DeadlineExceededError(
      absl::StrCat("the command had exited, and its output was not read within ",
                   absl::FormatDuration(options_.time_max)));
}

}  // namespace shell
