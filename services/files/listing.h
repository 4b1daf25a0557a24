// What is in a folder, and in those within it, some entries at a time.
//
//     absl::StatusOr<Listing> listing = Listing::Open(root, "a/b", recursive);
//     while (listing->Next(&entries)) ...
//     return listing->status();
//
// Its memory does not grow with the entries of a folder, only with the folders that are still to be
// read. Parts are not listed, nor what vanishes meanwhile.
//
// Everything here may block. Threads: one at a time.
#pragma once

#include <dirent.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/files/files.pb.h"
#include "services/files/root.h"

namespace files {

class Listing {
 public:
  // Of a file, or whatever is no folder, the thing itself.
  static absl::StatusOr<Listing> Open(const Root& root, std::string_view name, bool recursive);

  // The next entries, none at the end: false.
  bool Next(std::vector<Entry>* entries);

  // The first folder within that could not be read, and why; what is in the others is listed.
  const absl::Status& status() const { return status_; }

 private:
  struct Close {
    void operator()(DIR* folder) const { closedir(folder); }
  };

  Listing(const Root& root, bool recursive) : root_(root), recursive_(recursive) {}

  absl::Status Enter(const std::string& name);
  bool EnterNext();
  void Add(const dirent& found, std::vector<Entry>* entries);

  Root root_;
  bool recursive_;
  std::vector<Entry> itself_;  // of what is no folder
  std::unique_ptr<DIR, Close> folder_;
  std::string folder_name_;
  std::vector<std::string> to_be_read_;
  absl::Status status_;
};

}  // namespace files
