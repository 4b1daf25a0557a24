// The folder that names are relative to, and that none of them leads out of.
//
//     absl::StatusOr<Root> root = Root::Open("/srv/files");
//     absl::StatusOr<rpc::Descriptor> file = root->OpenFile("a/b.txt");
//     absl::StatusOr<Place> place = root->Find("a/b.txt", Root::kMake);   // to write there
//
// A name is walked part by part, each opened relative to the folder before it and never through a
// symbolic link: whoever swaps a folder for a link meanwhile gains nothing. Links are refused
// (PERMISSION_DENIED) also when they stay inside: what a name means then depends on nobody else.
//
// Everything here may block. Threads: any number.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/files/files.pb.h"

namespace files {

// A file that may not be there yet: the folder that it is in, and its name in it.
struct Place {
  rpc::Descriptor folder = {};
  std::string leaf = {};
  std::string name = {};  // for sentences
};

class Root {
 public:
  enum Missing { kRefuse, kMake };

  // A path of this machine, through whatever links.
  static absl::StatusOr<Root> Open(const std::string& path);

  // Where a file is, or is to be; folders on the way that are missing are made, or NOT_FOUND.
  // INVALID_ARGUMENT for a name that is empty or wrong (see CheckName).
  absl::StatusOr<Place> Find(std::string_view name, Missing missing) const;

  absl::StatusOr<rpc::Descriptor> OpenFolder(std::string_view name) const;

  // For reading. What is neither file nor folder is refused, and not waited for.
  absl::StatusOr<rpc::Descriptor> OpenFile(std::string_view name) const;

  // Of whatever it is, a link too.
  absl::StatusOr<Entry> Look(std::string_view name) const;

 private:
  explicit Root(rpc::Descriptor folder)
      : folder_(std::make_shared<const rpc::Descriptor>(std::move(folder))) {}

  absl::StatusOr<rpc::Descriptor> Walk(std::string_view path, std::string_view name,
                                       Missing missing) const;

  std::shared_ptr<const rpc::Descriptor> folder_;
};

// What stat() says, but for the name.
Entry EntryOf(const struct stat& stat);
int64_t MtimeNs(const struct stat& stat);

// FAILED_PRECONDITION, or PERMISSION_DENIED for a link, unless it is a regular file.
absl::Status CheckIsFile(const struct stat& stat, std::string_view name);

}  // namespace files
