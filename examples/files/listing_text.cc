#include "examples/files/listing_text.h"

#include <algorithm>
#include <cstddef>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "services/files/md5.h"
#include "services/terminal/progress_bar.h"
#include "services/terminal/text.h"

namespace files {
namespace {

const char* KindText(Kind kind) {
  switch (kind) {
    case FILE:
      return "file";
    case FOLDER:
      return "folder";
    case LINK:
      return "symbolic link, which is not followed";
    default:
      return "device, pipe or socket";
  }
}

// Where this machine is.
std::string DateText(const Entry& entry) {
  const time_t seconds = absl::ToTimeT(absl::FromUnixNanos(entry.mtime_ns()));
  struct tm local = {};
  if (localtime_r(&seconds, &local) == nullptr) return "?";
  return absl::StrFormat("%04d-%02d-%02d %02d:%02d:%02d", local.tm_year + 1900, local.tm_mon + 1,
                         local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
}

std::string SizeColumn(const Entry& entry, bool human) {
  if (entry.kind() != FILE) return "-";
  return human ? terminal::SizeText(entry.size()) : absl::StrCat(entry.size());
}

std::string NameColumn(const Entry& entry, const LookOfList& look) {
  std::string name = entry.name();
  if (!look.below.empty() && name.starts_with(std::string(look.below) + "/")) {
    name.erase(0, look.below.size() + 1);
  }
  if (look.harmless) name = terminal::Harmless(name);
  if (entry.kind() == FOLDER) name += '/';
  if (entry.kind() == LINK) name += '@';
  return name;
}

}  // namespace

std::string ListText(std::vector<Entry> entries, const LookOfList& look) {
  std::ranges::sort(entries, {}, &Entry::name);
  size_t width = 0;
  for (const Entry& entry : entries) width = std::max(width, SizeColumn(entry, look.human).size());
  std::string text;
  for (const Entry& entry : entries) {
    absl::StrAppendFormat(&text, "%*s  %s  %s\n", static_cast<int>(width),
                          SizeColumn(entry, look.human), DateText(entry), NameColumn(entry, look));
  }
  return text;
}

std::string StatText(const Entry& entry, bool harmless) {
  const std::string& name = entry.name();
  std::string text = absl::StrCat("name: ", harmless ? terminal::Harmless(name) : name,
                                  "\nkind: ", KindText(entry.kind()), "\n");
  if (entry.kind() == FILE) absl::StrAppend(&text, "size: ", entry.size(), "\n");
  absl::StrAppend(&text, "changed: ", DateText(entry), "\n");
  absl::StrAppendFormat(&text, "mode: %04o\n", entry.mode());
  if (!entry.md5().empty()) absl::StrAppend(&text, "md5: ", HexOf(entry.md5()), "\n");
  return text;
}

}  // namespace files
