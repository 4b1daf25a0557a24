#include "services/files/stale_parts.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <memory>

#include "services/files/names.h"

namespace files {
namespace {

constexpr absl::Duration kInterval = absl::Hours(1);
constexpr size_t kFoldersMax = 256;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

bool IsStale(int folder, const char* name, absl::Duration age_max) {
  struct stat stat;
  if (!IsPartName(name) || fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const absl::Time changed = absl::TimeFromTimespec(stat.st_ctim);
  return S_ISREG(stat.st_mode) && absl::Now() - changed > age_max;
}

}  // namespace

bool StaleParts::IsDue(int folder) {
  struct stat stat;
  if (fstat(folder, &stat) != 0) return false;
  std::lock_guard lock(mutex_);
  const absl::Time now = absl::Now();
  while (!swept_.empty() &&
         (now - swept_.front().at >= kInterval || swept_.size() >= kFoldersMax)) {
    swept_.pop_front();
  }
  const bool known = std::ranges::any_of(swept_, [&](const Swept& swept) {
    return swept.device == stat.st_dev && swept.folder == stat.st_ino;
  });
  if (known) return false;
  swept_.push_back({.device = stat.st_dev, .folder = stat.st_ino, .at = now});
  return true;
}

void StaleParts::Sweep(int folder) {
  if (!IsDue(folder)) return;
  const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseFolder> entries(copy < 0 ? nullptr : fdopendir(copy));
  if (entries == nullptr) return;
  while (const dirent* entry = readdir(entries.get())) {
    if (IsStale(folder, entry->d_name, age_max_)) unlinkat(folder, entry->d_name, 0);
  }
}

}  // namespace files
