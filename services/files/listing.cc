#include "services/files/listing.h"

#include <sys/stat.h>

#include <string_view>
#include <utility>

#include "services/files/file_error.h"
#include "services/files/names.h"

namespace files {
namespace {

constexpr size_t kEntriesAtOnce = 256;

bool IsListed(std::string_view leaf) { return leaf != "." && leaf != ".." && !IsPartName(leaf); }

}  // namespace

absl::StatusOr<Listing> Listing::Open(const Root& root, std::string_view name, bool recursive) {
  absl::StatusOr<Entry> entry = root.Look(name);
  if (!entry.ok()) return entry.status();
  Listing listing(root, recursive);
  if (entry->kind() != FOLDER) {
    listing.itself_.push_back(*std::move(entry));
    return listing;
  }
  if (absl::Status s = listing.Enter(std::string(name)); !s.ok()) return s;
  return listing;
}

absl::Status Listing::Enter(const std::string& name) {
  absl::StatusOr<rpc::Descriptor> folder = root_.OpenFolder(name);
  if (!folder.ok()) return folder.status();
  folder_.reset(fdopendir(folder->get()));
  if (folder_ == nullptr) return FileError("list", name);
  folder->Release();
  folder_name_ = name;
  return absl::OkStatus();
}

bool Listing::EnterNext() {
  folder_.reset();
  while (!to_be_read_.empty()) {
    const std::string name = std::move(to_be_read_.back());
    to_be_read_.pop_back();
    const absl::Status entered = Enter(name);
    if (entered.ok()) return true;
    if (!absl::IsNotFound(entered)) status_.Update(entered);
  }
  return false;
}

bool Listing::Next(std::vector<Entry>* entries) {
  *entries = std::exchange(itself_, {});
  bool more = folder_ != nullptr;
  while (more && entries->size() < kEntriesAtOnce) {
    errno = 0;
    const dirent* const found = readdir(folder_.get());
    if (found != nullptr) {
      Add(*found, entries);
    } else {
      if (errno != 0) status_.Update(FileError("list", folder_name_));
      more = EnterNext();
    }
  }
  return !entries->empty();
}

void Listing::Add(const dirent& found, std::vector<Entry>* entries) {
  struct stat stat;
  if (!IsListed(found.d_name)) return;
  if (fstatat(dirfd(folder_.get()), found.d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) return;
  Entry& entry = entries->emplace_back(EntryOf(stat));
  entry.set_name(folder_name_.empty() ? found.d_name : folder_name_ + "/" + found.d_name);
  if (recursive_ && entry.kind() == FOLDER) to_be_read_.push_back(entry.name());
}

}  // namespace files
