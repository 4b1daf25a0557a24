// The uploads to a server that are under way. Of two attempts at the same one the newer goes on: a
// client that comes back after its connection was cut does not wait for the server to notice.
//
//     absl::StatusOr<std::shared_ptr<PartFile>> part = uploads.Begin(std::move(place), wanted);
//
// It may block. Threads: any number.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/files/part_file.h"
#include "services/files/stale_parts.h"

namespace files {

class Uploads {
 public:
  // Parts of this age are removed when an upload into their folder begins.
  explicit Uploads(absl::Duration part_age_max) : stale_parts_(part_age_max) {}

  // As PartFile::Open, after an older attempt was taken over. The part belongs to the caller.
  absl::StatusOr<std::shared_ptr<PartFile>> Begin(Place place, const Wanted& wanted);

 private:
  struct Attempts {
    std::mutex mutex;                // held while one takes over
    std::weak_ptr<PartFile> newest;  // written with both mutexes held, read with one of them
  };

  std::shared_ptr<Attempts> AttemptsAt(const std::string& upload);

  StaleParts stale_parts_;

  std::mutex mutex_;  // guards what follows
  std::map<std::string, std::shared_ptr<Attempts>> attempts_;
};

}  // namespace files
