#include "services/cli/completion.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rpc/rpc.h"
#include "services/cli/commands.h"
#include "services/cli/failure.h"
#include "services/cli/reflection_client.h"
#include "services/cli/server_flags.h"

namespace cli {
namespace {

// bash breaks words at : and =, so the line is read anew, and what bash has of the word already is
// cut from the answers. `:files` and `:folders` ask the shell for those that begin with what is
// behind the blank, which is the end of the word.
constexpr char kBash[] = R"(# bash completion of rpc:  source <(rpc completion bash)
_rpc() {
  local line=${COMP_LINE:0:COMP_POINT} words word cut candidate part
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=${words[-1]}
  cut=${word%"${COMP_WORDS[COMP_CWORD]}"}
  [[ ${COMP_WORDS[COMP_CWORD]} == [:=] ]] && cut=$word
  COMPREPLY=()
  while IFS= read -r candidate; do
    if [[ $candidate == :f* ]]; then
      part=${candidate#* }
      [[ $candidate == *" "* ]] || part=
      compopt -o filenames
      while IFS= read -r candidate; do
        [[ -d $candidate ]] && candidate+=/ && compopt -o nospace
        candidate=${word%"$part"}$candidate
        COMPREPLY+=("${candidate#"$cut"}")
      done < <([[ $candidate == :files* ]] && compgen -f -- "$part" || compgen -d -- "$part")
      continue
    fi
    [[ $candidate == *[=/.] ]] && compopt -o nospace
    COMPREPLY+=("${candidate#"$cut"}")
  done < <("${words[0]}" completion words -- "${words[@]}" 2>/dev/null)
}
complete -F _rpc rpc
)";

constexpr char kZsh[] = R"(#compdef rpc
# zsh completion of rpc:  source <(rpc completion zsh)
_rpc() {
  local -a answers open closed
  local answer part
  answers=("${(@f)$("${words[1]}" completion words -- "${(@)words[1,CURRENT]}" 2>/dev/null)}")
  for answer in $answers; do
    case $answer in
      :f*)
        part=${answer#* }
        [[ $answer == *" "* ]] || part=
        compset -p $(( ${#PREFIX} - ${#part} ))
        if [[ $answer == :files* ]]; then _files; else _files -/; fi ;;
      *[=/.]) open+=("$answer") ;;
      *) closed+=("$answer") ;;
    esac
  done
  (( $#open )) && compadd -S '' -- $open
  (( $#closed )) && compadd -- $closed
}
compdef _rpc rpc
)";

using Words = std::vector<std::string>;

// Whoever presses the tab key waits.
constexpr absl::Duration kAskingTimeout = absl::Seconds(1);

constexpr char kNameCharacters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./";

constexpr const char* kAddresses[] = {"tcp://127.0.0.1:7000", "tls://", "udp://", "unix://"};

// A flag that takes something, as `--name value` or `-n value`.
bool TakesNext(const std::string& word, const terminal::Flags& flags) {
  const bool is_alone =
      word.starts_with("--") ? word.find('=') == std::string::npos : word.size() == 2;
  return is_alone && !flags.TakenBy(word).empty();
}

// Where the value begins in --name=value or -nvalue; npos where none does.
size_t ValueIn(const std::string& word, const terminal::Flags& flags) {
  if (flags.TakenBy(word).empty()) return std::string::npos;
  if (!word.starts_with("--")) return 2;
  const size_t equals = word.find('=');
  return equals == std::string::npos ? equals : equals + 1;
}

// The words behind the command that are no flags.
Words ArgumentsIn(const Words& words, const terminal::Flags& flags) {
  Words arguments;
  for (size_t i = 2; i < words.size(); ++i) {
    if (TakesNext(words[i], flags)) {
      ++i;
    } else if (!words[i].starts_with('-')) {
      arguments.push_back(words[i]);
    }
  }
  return arguments;
}

void Add(const std::string& candidate, const std::string& typed, Words* out) {
  if (candidate.starts_with(typed)) out->push_back(candidate);
}

Words CommandNames(const std::string& typed) {
  Words names;
  for (const CommandEntry& entry : Commands()) Add(std::string(entry.name), typed, &names);
  for (const char* flag : {"help", "--help", "--version"}) Add(flag, typed, &names);
  return names;
}

// What a server serves; nothing when it cannot be asked.
reflection::ListReply NamesAt(const Words& words, const std::string& address) {
  ServerFlags server;
  terminal::Flags flags("", "");
  server.Declare(&flags);
  std::vector<const char*> known = {"rpc"};
  for (const std::string& word : words) {
    const bool is_of_tls = word.starts_with("--ca=") || word.starts_with("--cert=") ||
                           word.starts_with("--key=") || word.starts_with("--server_name=");
    if (is_of_tls) known.push_back(word.c_str());
  }
  if (!flags.Parse(static_cast<int>(known.size()), known.data()).ok()) return {};
  const absl::StatusOr<rpc::Channel> channel = server.Connect(address);
  if (!channel.ok()) return {};
  absl::StatusOr<reflection::ListReply> reply =
      rpc::Run([&] { return AskNames(*channel, kAskingTimeout); });
  return reply.ok() ? *std::move(reply) : reflection::ListReply();
}

// The names that may stand in such a place.
Words NamesIn(const reflection::ListReply& reply, Place place) {
  Words names;
  std::set<std::string> types;
  for (const reflection::ServiceEntry& service : reply.services()) {
    if (place != Place::kMethod) names.push_back(service.name());
    for (const reflection::MethodEntry& method : service.methods()) {
      if (place != Place::kService) {
        names.push_back(absl::StrCat(service.name(), "/", method.name()));
      }
      types.insert(method.request_type());
      types.insert(method.reply_type());
    }
  }
  if (place == Place::kSymbol) names.insert(names.end(), types.begin(), types.end());
  // A shell evaluates what it is given.
  std::erase_if(names, [](const std::string& name) {
    return name.empty() || name.find_first_not_of(kNameCharacters) != std::string::npos;
  });
  return names;
}

// What a flag takes, of which `typed` is there; as a whole word with `before` in front.
Words ValuesOf(const std::string& takes, const std::string& before, const std::string& typed) {
  Words values;
  const std::string behind = typed.empty() ? "" : " " + typed;
  if (takes == "FILE") values.push_back(":files" + behind);
  if (takes == "FOLDER") values.push_back(":folders" + behind);
  if (takes == "ADDRESS") {
    for (const char* address : kAddresses) Add(before + address, before + typed, &values);
  }
  return values;
}

Words Candidates(Place place, const std::string& typed) {
  switch (place) {
    case Place::kAddress:
      return Words(std::begin(kAddresses), std::end(kAddresses));
    case Place::kShell:
      return {"bash", "zsh"};
    case Place::kFile:
      return ValuesOf("FILE", "", typed);
    default:
      return {};
  }
}

}  // namespace

Words Completions(const Words& words) {
  const std::string& typed = words.back();
  if (words.size() <= 2) return CommandNames(typed);
  const CommandEntry* const entry = FindCommand(words[1]);
  if (entry == nullptr) return words[1] == "help" ? CommandNames(typed) : Words();
  const std::unique_ptr<Command> command = entry->make();
  terminal::Flags flags = FlagsOf(*entry);
  command->Declare(&flags);

  Words answers;
  const std::string& before = words[words.size() - 2];
  if (TakesNext(before, flags)) return ValuesOf(flags.TakenBy(before), "", typed);
  const size_t value = ValueIn(typed, flags);
  if (value != std::string::npos) {
    return ValuesOf(flags.TakenBy(typed), typed.substr(0, value), typed.substr(value));
  }
  if (typed.starts_with('-')) {
    for (const std::string& spelling : flags.Spellings()) Add(spelling, typed, &answers);
    return answers;
  }
  const Words arguments = ArgumentsIn(Words(words.begin(), words.end() - 1), flags);
  const size_t position = arguments.size();
  if (position >= entry->places.size()) return answers;
  const Place place = entry->places[position];
  const bool asks = place == Place::kService || place == Place::kSymbol || place == Place::kMethod;
  const Words candidates =
      asks ? NamesIn(NamesAt(words, arguments.front()), place) : Candidates(place, typed);
  for (const std::string& candidate : candidates) {
    const bool fits = candidate.starts_with(":f") || candidate.starts_with(typed);
    if (fits) answers.push_back(candidate);
  }
  return answers;
}

void Completion::Declare(terminal::Flags* flags) {
  flags->Arguments(1, terminal::Flags::kAnyNumber);
  flags->Footer(
      "SHELL is bash or zsh. Commands and flags are completed, and, behind the address of a server "
      "that has reflection, its services and methods.\n"
      "\n"
      "Examples:\n"
      "  source <(rpc completion bash)\n"
      "  echo 'source <(rpc completion bash)' >> ~/.bashrc\n"
      "  rpc completion zsh > ~/.zfunc/_rpc\n");
}

int Completion::Run(const terminal::Flags& flags) {
  const Words& arguments = flags.arguments();
  std::string text;
  if (arguments[0] == "words" && arguments.size() > 1) {
    for (const std::string& answer : Completions(Words(arguments.begin() + 1, arguments.end()))) {
      absl::StrAppend(&text, answer, "\n");
    }
  } else if (arguments[0] == "bash" && arguments.size() == 1) {
    text = kBash;
  } else if (arguments[0] == "zsh" && arguments.size() == 1) {
    text = kZsh;
  } else {
    return UsageError(absl::InvalidArgumentError(
        absl::StrCat("there are completions for bash and zsh, not for \"", arguments[0], "\"")));
  }
  return Print(text);
}

}  // namespace cli
