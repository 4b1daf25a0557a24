#include "services/files/uploads.h"

#include <utility>

#include "services/files/names.h"

namespace files {

absl::StatusOr<std::shared_ptr<PartFile>> Uploads::Begin(Place place, const Wanted& wanted) {
  stale_parts_.Sweep(place.folder.get());
  const std::shared_ptr<Attempts> attempts =
      AttemptsAt(place.name + "/" + PartName(place.leaf, wanted.size, wanted.mtime_ns));
  std::lock_guard lock(attempts->mutex);
  if (const std::shared_ptr<PartFile> older = attempts->newest.lock()) older->TakeOver();
  absl::StatusOr<std::shared_ptr<PartFile>> part = PartFile::Open(std::move(place), wanted);
  if (part.ok()) {
    std::lock_guard lock_all(mutex_);
    attempts->newest = *part;
  }
  return part;
}

std::shared_ptr<Uploads::Attempts> Uploads::AttemptsAt(const std::string& upload) {
  std::lock_guard lock(mutex_);
  std::erase_if(attempts_, [](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->newest.expired();
  });
  std::shared_ptr<Attempts>& attempts = attempts_[upload];
  if (attempts == nullptr) attempts = std::make_shared<Attempts>();
  return attempts;
}

}  // namespace files
