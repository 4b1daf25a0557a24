#include "services/files/stale_parts.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "services/files/names.h"

namespace files {
namespace {

constexpr absl::Duration kInterval = absl::Hours(1);

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

bool IsStale(int folder, const char* name, absl::Duration age_max) {
  struct stat stat;
  if (!IsPartName(name) || fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const absl::Time changed = absl::TimeFromTimespec(stat.st_mtim);
  return S_ISREG(stat.st_mode) && absl::Now() - changed > age_max;
}

}  // namespace

bool StaleParts::IsDue(int folder) {
  struct stat stat;
  if (fstat(folder, &stat) != 0) return false;
  std::lock_guard lock(mutex_);
  const absl::Time now = absl::Now();
  const bool same = stat.st_dev == device_ && stat.st_ino == folder_;
  if (same && now - swept_at_ < kInterval) return false;
  device_ = stat.st_dev;
  folder_ = stat.st_ino;
  swept_at_ = now;
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
