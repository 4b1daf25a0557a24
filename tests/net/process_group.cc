#include "tests/net/process_group.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace rpc::net {
namespace {

struct Stat {
  char state = 'X';
  pid_t group = 0;
  pid_t session = 0;
};

// Of a process that ends meanwhile, nothing. (Iterators would throw then.)
std::string ReadFile(const std::filesystem::path& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// `1 (a name) S parent group session ...`: the name may hold anything.
Stat StatOf(const std::string& pid) {
  const std::string text = ReadFile("/proc/" + pid + "/stat");
  const size_t name_end = text.rfind(')');
  Stat stat;
  if (name_end == std::string::npos) return stat;
  std::istringstream rest(text.substr(name_end + 1));
  pid_t parent = 0;
  rest >> stat.state >> parent >> stat.group >> stat.session;
  return stat;
}

bool IsAlive(const Stat& stat) { return stat.state != 'Z' && stat.state != 'X'; }

std::vector<std::string> AllPids() {
  std::vector<std::string> pids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) pids.push_back(name);
  }
  return pids;
}

}  // namespace

std::vector<pid_t> ProcessesOfGroup(pid_t group) {
  std::vector<pid_t> found;
  for (const std::string& pid : AllPids()) {
    const Stat stat = StatOf(pid);
    if (stat.group == group && IsAlive(stat)) found.push_back(std::stoi(pid));
  }
  return found;
}

std::vector<pid_t> ProcessesOfSession(pid_t session) {
  std::vector<pid_t> found;
  for (const std::string& pid : AllPids()) {
    const Stat stat = StatOf(pid);
    if (stat.session == session && IsAlive(stat)) found.push_back(std::stoi(pid));
  }
  return found;
}

bool Lives(pid_t pid) { return IsAlive(StatOf(std::to_string(pid))); }

std::vector<pid_t> ProcessesMarked(const std::string& mark) {
  std::vector<pid_t> found;
  for (const std::string& pid : AllPids()) {
    const std::string arguments = '\0' + ReadFile("/proc/" + pid + "/cmdline");
    const bool marked = arguments.find('\0' + mark + '\0') != std::string::npos;
    if (marked && IsAlive(StatOf(pid))) found.push_back(std::stoi(pid));
  }
  return found;
}

}  // namespace rpc::net
