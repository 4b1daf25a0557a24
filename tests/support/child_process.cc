#include "tests/support/child_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/support/eventually.h"

namespace rpc {
namespace {

uint64_t FilesIn(const std::string& folder) {
  DIR* const files = opendir(folder.c_str());
  if (files == nullptr) return 0;
  uint64_t count = 0;
  while (const dirent* file = readdir(files)) count += file->d_name[0] != '.' ? 1 : 0;
  closedir(files);
  return count;
}

}  // namespace

ProcessFigures FiguresOf(pid_t pid) {
  ProcessFigures figures;
  const std::string folder = absl::StrCat("/proc/", pid);
  std::ifstream status(folder + "/status");
  std::string word;
  while (status >> word) {
    if (word == "VmRSS:") status >> figures.resident_kib;
    if (word == "Threads:") status >> figures.threads;
  }
  figures.descriptors = FilesIn(folder + "/fd");
  return figures;
}

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments) {
  int out[2];
  EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
  out_ = net::Descriptor(out[0]);
  const net::Descriptor to_us(out[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to_us.get(), STDOUT_FILENO);
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const int failed =
      posix_spawn(&pid_, program.c_str(), &actions, nullptr, pointers.data(), environ);
  EXPECT_EQ(failed, 0) << program;
  if (failed != 0) pid_ = 0;
  posix_spawn_file_actions_destroy(&actions);
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  Signal(SIGKILL);
  (void)Wait();
}

std::optional<std::string> ChildProcess::ReadLine(absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  while (true) {
    const size_t line_end = unread_.find('\n');
    if (line_end != std::string::npos) {
      std::string line = unread_.substr(0, line_end);
      unread_.erase(0, line_end + 1);
      return line;
    }
    pollfd readable = {.fd = out_.get(), .events = POLLIN, .revents = 0};
    const int64_t left_ms = absl::ToInt64Milliseconds(end - absl::Now());
    if (left_ms <= 0 || poll(&readable, 1, static_cast<int>(left_ms)) == 0) return std::nullopt;
    char bytes[512];
    const ssize_t size = read(out_.get(), bytes, sizeof(bytes));
    if (size <= 0) return std::nullopt;
    unread_.append(bytes, static_cast<size_t>(size));
  }
}

void ChildProcess::Signal(int number) const {
  if (pid_ > 0) kill(pid_, number);
}

void ChildProcess::Limit(__rlimit_resource resource, rlim_t limit) const {
  rlimit now = {};
  EXPECT_EQ(prlimit(pid_, resource, nullptr, &now), 0);
  now.rlim_cur = limit;
  EXPECT_EQ(prlimit(pid_, resource, &now, nullptr), 0);
}

void ChildProcess::Unlimit(__rlimit_resource resource) const {
  rlimit now = {};
  EXPECT_EQ(prlimit(pid_, resource, nullptr, &now), 0);
  Limit(resource, now.rlim_max);
}

std::optional<int> ChildProcess::Wait(absl::Duration timeout) {
  int status = 0;
  if (!Eventually([&] { return waitpid(pid_, &status, WNOHANG) != 0; }, timeout)) return {};
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace rpc
