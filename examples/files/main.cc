// Copies files to and from a server, and lists what is there.
//
//     bazel run //examples:server -- --files=/srv/files &
//     bazel run //examples/files -- ls
//     bazel run //examples/files -- put photos --to=backup/
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "examples/files/copying.h"
#include "examples/files/listing_text.h"
#include "examples/files/plan.h"
#include "rpc/rpc.h"
#include "services/files/file_client.h"
#include "services/terminal/connect.h"
#include "services/terminal/flags.h"
#include "services/terminal/output.h"
#include "services/terminal/program.h"

namespace files {
namespace {

struct Options {
  std::string server = "tcp://127.0.0.1:7000";
  std::string ca = {};
  std::string to = {};
  int64_t parallel = 4;
  bool keep = false;
  bool recursive = false;
  bool human = false;
};

void Declare(terminal::Flags* flags, Options* options) {
  flags->Text("server", "ADDRESS", "tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH",
              &options->server);
  flags->Text("ca", "FILE", "for tls://, the CA that the server's certificate comes from",
              &options->ca);
  flags->Text("to", "NAME",
              "put, get: what the one file or folder becomes, or with a slash at its end, or\n"
              "with several of them, the folder that they go into",
              &options->to);
  flags->Number("parallel", 1, 64, "put, get: so many files at once", &options->parallel);
  flags->Bool("keep", "put, get: files that are there already are not replaced", &options->keep);
  flags->Bool("recursive", "ls: what is in the folders within, too", &options->recursive);
  flags->Bool("human", "ls: sizes such as 1.5 MiB", &options->human);
  flags->Arguments(1, terminal::Flags::kAnyNumber);
  flags->Footer(
      "Commands:\n"
      "  ls [NAME]...      what is in these folders of the server\n"
      "  stat NAME...      what is known of them, with the MD5\n"
      "  put PATH...       copies files and folders to the server\n"
      "  get NAME...       copies files and folders from the server\n"
      "\n"
      "--to=NAME: one folder becomes NAME, whether that is there or not, so that the same command\n"
      "goes on with it. A file becomes NAME, too, but goes into it when it is a folder that is\n"
      "there.\n"
      "\n"
      "When the connection breaks, put and get go on where they stopped. After Ctrl-C the same\n"
      "command does. They exit with 0 when all files have arrived, with the MD5 that they have\n"
      "there, with 1 when some have not, 130 when they were interrupted, 2 for flags that make\n"
      "no sense.\n"
      "\n"
      "Examples:\n"
      "  files put big.iso\n"
      "  files put photos notes.txt --to=backup/\n"
      "  files get backup/photos --to=/tmp/photos --parallel=8\n"
      "  files ls backup --recursive --server=tls://files.example.com:7443 --ca=ca.pem\n");
}

using Names = std::vector<std::string>;

int Complain(const absl::Status& status) {
  return terminal::Complain("files", status, kSomeFailed);
}

int UsageError(const absl::Status& status) {
  return terminal::Complain("files", status, terminal::kUsageError);
}

bool ShowsHarmless() { return isatty(STDOUT_FILENO) == 1; }

rpc::Task<int> ListOne(const Files::Client& files, const Options& options, std::string name) {
  ListRequest request;
  request.set_name(name);
  request.set_recursive(options.recursive);
  auto call = files.List(request);
  std::vector<Entry> entries;
  while (const Entry* entry = co_await call.Read()) entries.push_back(*entry);
  const LookOfList look = {.human = options.human, .harmless = ShowsHarmless(), .below = name};
  const std::string text = ListText(std::move(entries), look);
  terminal::Output out;
  absl::Status status = co_await out.Write(text);
  if (status.ok()) status = call.status();
  co_return status.ok() ? 0 : Complain(status);
}

rpc::Task<int> List(const Files::Client& files, const Options& options, Names names) {
  if (names.empty()) names.push_back("");
  int code = 0;
  for (const std::string& name : names) {
    if (names.size() > 1) std::printf("%s:\n", name.c_str());
    std::fflush(stdout);
    const int listed = co_await ListOne(files, options, PlainName(name));
    code = std::max(code, listed);
  }
  co_return code;
}

rpc::Task<int> StatAll(const Files::Client& files, Names names) {
  int code = 0;
  bool is_first = true;
  for (const std::string& name : names) {
    StatRequest request;
    request.set_name(PlainName(name));
    absl::StatusOr<Entry> entry = co_await files.Stat(request);
    if (entry.ok() && entry->kind() == FILE) {
      request.set_with_md5(true);
      entry = co_await files.Stat(request, {.timeout = absl::InfiniteDuration()});
    }
    if (!entry.ok()) code = Complain(entry.status());
    if (!entry.ok()) continue;
    if (!std::exchange(is_first, false)) std::fputs("\n", stdout);
    std::fputs(StatText(*entry, ShowsHarmless()).c_str(), stdout);
    std::fflush(stdout);
  }
  co_return code;
}

rpc::Task<int> CopyFiles(const rpc::Channel& channel, const Options& options, Direction direction,
                         Names names) {
  FileClientOptions client_options;
  client_options.overwrite = !options.keep;
  FileClient client(channel, client_options);
  rpc::Task<Plan> planning = direction == kUp ? PlanPut(client.files(), names, options.to)
                                              : PlanGet(client.files(), names, options.to);
  const Plan plan = co_await std::move(planning);
  Copying copying(&client, direction, &plan, static_cast<size_t>(options.parallel));
  co_return co_await copying.Run();
}

absl::Status CheckCommand(const std::string& command, const Names& names) {
  const bool known = command == "ls" || command == "stat" || command == "put" || command == "get";
  if (!known) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no command ", command, "; there are ls, stat, put and get"));
  }
  if (command == "ls" || !names.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(command, " needs a name, as in: files ", command,
                                                 command == "put" ? " a.txt" : " b/a.txt"));
}

// Once for all: whether there is a server, and one that serves files.
rpc::Task<int> CheckServer(const Files::Client& files) {
  const absl::StatusOr<Entry> there = co_await files.Stat(StatRequest());
  if (there.ok()) co_return 0;
  const absl::string_view message = there.status().message();
  if (absl::IsUnimplemented(there.status())) {
    co_return Complain(
        absl::UnimplementedError(absl::StrCat("this server serves no files (", message, ")")));
  }
  const bool is_mistake = absl::IsInvalidArgument(there.status());  // in the address
  co_return is_mistake ? UsageError(there.status()) : Complain(there.status());
}

// No coroutine: what it refers to is the caller's.
rpc::Task<int> Obey(const rpc::Channel& channel, const Files::Client& files, const Options& options,
                    const std::string& command, const Names& names) {
  if (command == "ls") return List(files, options, names);
  if (command == "stat") return StatAll(files, names);
  return CopyFiles(channel, options, command == "put" ? kUp : kDown, names);
}

rpc::Task<int> Do(const rpc::Channel& channel, const Options& options, const std::string& command,
                  const Names& names) {
  const Files::Client files(channel);
  const int checked = co_await CheckServer(files);
  if (checked != 0) co_return checked;
  co_return co_await Obey(channel, files, options, command, names);
}

int Main(const Options& options, const Names& arguments) {
  const std::string& command = arguments.front();
  const Names names(arguments.begin() + 1, arguments.end());
  if (absl::Status s = CheckCommand(command, names); !s.ok()) return UsageError(s);
  const absl::StatusOr<rpc::Channel> channel = terminal::ChannelTo(options.server, options.ca);
  if (!channel.ok()) return UsageError(channel.status());
  return rpc::Run([&] { return Do(*channel, options, command, names); });
}

}  // namespace
}  // namespace files

int main(int argc, char** argv) {
  terminal::BeginProgram();
  files::Options options;
  terminal::Flags flags("files [FLAGS] COMMAND [NAME]...", "Copies files to and from a server.");
  files::Declare(&flags, &options);
  if (absl::Status s = flags.Parse(argc, argv); !s.ok()) return files::UsageError(s);
  if (flags.help()) return flags.PrintHelp();
  return files::Main(options, flags.arguments());
}
