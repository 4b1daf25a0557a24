// Which files a command copies, and to where: what the user said, with every folder gone through.
//
//     Plan plan = co_await PlanPut(client.files(), {"photos", "a.txt"}, "backup/");
//     for (const Copy& copy : plan.copies) ...
//
// What cannot be copied is a problem, in words, and the rest goes on. A folder is copied with all
// that is in it. Links on this machine to files are followed, those to folders within a folder are
// a problem; on the server none is followed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/rpc.h"
#include "services/files/files.rpc.h"
#include "services/files/root.h"

namespace files {

struct Copy {
  std::string from = {};
  std::string to = {};
  uint64_t size = 0;
};

struct Plan {
  std::vector<Copy> copies = {};
  std::vector<std::string> problems = {};
  std::optional<Root> folder = {};  // what the targets of downloads are relative to
};

// `to` is what the one source becomes: a folder that becomes `to` does so whether that is there or
// not, so that the same command goes on with what it began; a file goes into `to` when that is a
// folder. With several sources, or with a slash at its end, it is the folder that they go into.
// Empty: into the server's folder, or the one that the program runs in.
rpc::Task<Plan> PlanPut(const Files::Client& files, const std::vector<std::string>& paths,
                        const std::string& to);
rpc::Task<Plan> PlanGet(const Files::Client& files, const std::vector<std::string>& names,
                        const std::string& to);

// A name on the server as people write it: `/`, `./a`, `a/` are ``, `a`, `a`.
std::string PlainName(std::string_view name);

// The last part of a path or a name.
std::string_view LeafOf(std::string_view name);

}  // namespace files
