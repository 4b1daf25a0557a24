#include "examples/files/plan.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace files {
namespace {

namespace fs = std::filesystem;

std::string Join(const std::string& folder, const std::string& name) {
  if (folder.empty() || name.empty()) return folder + name;
  return absl::StrCat(folder, "/", name);
}

bool IsFolderByName(const std::string& to) {
  const std::string_view leaf = LeafOf(to);
  return leaf.empty() || leaf == "." || leaf == "..";
}

// `photos`, `photos/` and `.` when it is called so; a link by its own name.
std::string LeafOfPath(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (error) return std::string(LeafOf(path));
  return (absolute.has_filename() ? absolute : absolute.parent_path()).filename().string();
}

bool IsFolderHere(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::string PassedOver(const std::string& name, std::string_view why) {
  return absl::StrCat("passed over: ", name, " ", absl::string_view(why.data(), why.size()));
}

// The part of a name below another one; nothing when it is not below.
std::optional<std::string> Below(const std::string& name, const std::string& folder) {
  if (folder.empty()) return name;
  if (!name.starts_with(folder + "/")) return std::nullopt;
  return name.substr(folder.size() + 1);
}

void AddFile(const fs::path& path, const std::string& to, Plan* plan) {
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  plan->copies.push_back({.from = path.string(), .to = to, .size = error ? 0 : size});
}

// What a folder has added to the plan, in the order in which people look for it.
void SortFrom(size_t first, Plan* plan) {
  std::sort(plan->copies.begin() + static_cast<std::ptrdiff_t>(first), plan->copies.end(),
            [](const Copy& a, const Copy& b) { return a.from < b.from; });
}

void AddFolder(const fs::path& path, const std::string& to, Plan* plan) {
  const size_t first = plan->copies.size();
  std::error_code error;
  fs::recursive_directory_iterator at(path, error);
  while (!error && at != fs::end(at)) {
    const fs::path found = at->path();
    if (at->is_regular_file(error)) {
      AddFile(found, Join(to, found.lexically_relative(path).string()), plan);
    } else if (!at->is_directory(error)) {
      plan->problems.push_back(PassedOver(found.string(), "is no file"));
    } else if (at->is_symlink(error)) {
      plan->problems.push_back(PassedOver(found.string(), "is a link to a folder"));
    }
    at.increment(error);
  }
  if (error) plan->problems.push_back(absl::StrCat(path.string(), ": ", error.message()));
  SortFrom(first, plan);
}

void AddPath(const std::string& path, const std::string& to, Plan* plan) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return AddFolder(path, to, plan);
  if (fs::is_regular_file(status)) return AddFile(path, to, plan);
  const std::string reason = error ? error.message() : "no file or folder";
  plan->problems.push_back(absl::StrCat(path, ": ", reason));
}

// Two files of one name would overwrite each other, or even write the same part.
void RefuseDoubles(Plan* plan) {
  std::set<std::string> targets;
  std::erase_if(plan->copies, [&](const Copy& copy) {
    if (targets.insert(copy.to).second) return false;
    plan->problems.push_back(
        PassedOver(copy.from, "would become the same as another file, " + copy.to));
    return true;
  });
}

rpc::Task<bool> IsFolderThere(const Files::Client& files, const std::string& name) {
  StatRequest request;
  request.set_name(name);
  const absl::StatusOr<Entry> entry = co_await files.Stat(request);
  co_return entry.ok() && entry->kind() == FOLDER;
}

rpc::Task<void> AddList(const Files::Client& files, const std::string& name, const std::string& to,
                        Plan* plan) {
  const size_t first = plan->copies.size();
  ListRequest request;
  request.set_name(name);
  request.set_recursive(true);
  auto call = files.List(request);
  while (const Entry* entry = co_await call.Read()) {
    const std::optional<std::string> below = Below(entry->name(), name);
    if (entry->kind() == FILE && below.has_value()) {
      plan->copies.push_back(
          {.from = entry->name(), .to = Join(to, *below), .size = entry->size()});
    } else if (entry->kind() != FOLDER) {
      plan->problems.push_back(
          PassedOver(entry->name(), entry->kind() == LINK ? "is a link" : "is no file"));
    }
  }
  if (!call.status().ok()) plan->problems.push_back(std::string(call.status().message()));
  SortFrom(first, plan);
}

rpc::Task<void> AddEntry(const Files::Client& files, const Entry& entry, const std::string& to,
                         Plan* plan) {
  if (entry.kind() == FOLDER) {
    co_await AddList(files, entry.name(), to, plan);
  } else {
    plan->copies.push_back({.from = entry.name(), .to = to, .size = entry.size()});
  }
}

// Nothing, and a problem, when it is not there.
rpc::Task<std::optional<Entry>> Look(const Files::Client& files, const std::string& name,
                                     Plan* plan) {
  StatRequest request;
  request.set_name(PlainName(name));
  absl::StatusOr<Entry> entry = co_await files.Stat(request);
  if (entry.ok()) {
    entry->set_name(request.name());  // whatever the server calls it
    co_return *entry;
  }
  plan->problems.push_back(std::string(entry.status().message()));
  co_return std::nullopt;
}

// The folder that downloads go to is made when it is missing.
bool OpenTarget(const std::string& folder, Plan* plan) {
  std::error_code error;
  fs::create_directories(folder, error);
  absl::StatusOr<Root> root = Root::Open(folder);
  if (root.ok()) plan->folder = *std::move(root);
  if (!root.ok()) plan->problems.push_back(std::string(root.status().message()));
  return root.ok();
}

rpc::Task<void> AddInto(const Files::Client& files, const std::vector<std::string>& names,
                        const std::string& folder, Plan* plan) {
  if (!OpenTarget(folder, plan)) co_return;
  for (const std::string& name : names) {
    const std::optional<Entry> entry = co_await Look(files, name, plan);
    if (!entry.has_value()) continue;
    const std::string leaf(LeafOf(entry->name()));
    co_await AddEntry(files, *entry, leaf, plan);
  }
}

// What one source becomes.
rpc::Task<void> AddAs(const Files::Client& files, const std::string& name, const std::string& to,
                      Plan* plan) {
  const std::optional<Entry> entry = co_await Look(files, name, plan);
  if (!entry.has_value()) co_return;
  const bool is_folder = entry->kind() == FOLDER;
  const bool into_folder = is_folder || IsFolderHere(to);
  const std::string parent = into_folder ? to : fs::path(to).parent_path().string();
  if (!OpenTarget(parent.empty() ? "." : parent, plan)) co_return;
  std::string target;
  if (!is_folder) target = LeafOf(into_folder ? entry->name() : to);
  co_await AddEntry(files, *entry, target, plan);
}

}  // namespace

rpc::Task<Plan> PlanPut(const Files::Client& files, const std::vector<std::string>& paths,
                        const std::string& to) {
  Plan plan;
  const std::string target = PlainName(to);
  bool into_folder = IsFolderByName(to) || paths.size() > 1;
  if (!into_folder && !IsFolderHere(paths.front())) {
    into_folder = co_await IsFolderThere(files, target);
  }
  for (const std::string& path : paths) {
    const std::string place = into_folder ? Join(target, LeafOfPath(path)) : target;
    auto add = [&] { AddPath(path, place, &plan); };
    co_await rpc::Blocking(add);
  }
  RefuseDoubles(&plan);
  co_return plan;
}

rpc::Task<Plan> PlanGet(const Files::Client& files, const std::vector<std::string>& names,
                        const std::string& to) {
  Plan plan;
  const std::string folder = to.empty() ? "." : to;
  if (names.size() > 1 || IsFolderByName(to)) {
    co_await AddInto(files, names, folder, &plan);
  } else {
    co_await AddAs(files, names.front(), to, &plan);
  }
  RefuseDoubles(&plan);
  co_return plan;
}

std::string PlainName(std::string_view name) {
  std::string plain;
  const absl::string_view text(name.data(), name.size());
  for (const absl::string_view part : absl::StrSplit(text, '/', absl::SkipEmpty())) {
    if (part != ".") absl::StrAppend(&plain, plain.empty() ? "" : "/", part);
  }
  return plain;
}

std::string_view LeafOf(std::string_view name) { return name.substr(name.rfind('/') + 1); }

}  // namespace files
