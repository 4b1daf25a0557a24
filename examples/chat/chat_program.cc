#include "examples/chat/chat_program.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "examples/chat/datagram_conversation.h"
#include "examples/chat/stream_conversation.h"
#include "services/terminal/input.h"
#include "services/terminal/keys.h"
#include "services/terminal/signals.h"

namespace chat {
namespace {

// For the server to say good-bye.
constexpr absl::Duration kLeavingTimeout = absl::Seconds(2);

uint64_t DrawKey() {
  std::random_device random;
  const auto high = static_cast<uint64_t>(random());
  return (high << 32 | random()) | 1;  // not 0
}

std::string SentenceOf(const absl::Status& status) { return std::string(status.message()); }

bool IsInteractive(const terminal::Screen& screen) {
  return isatty(STDIN_FILENO) == 1 && screen.is_terminal();
}

bool IsColoured(const terminal::Screen& screen) {
  const char* const without = std::getenv("NO_COLOR");
  return screen.is_terminal() && (without == nullptr || *without == '\0');
}

}  // namespace

ChatProgram::ChatProgram(const ChatOptions& options, const rpc::Channel& channel)
    : options_(options),
      chat_(channel),
      key_(DrawKey()),
      name_(options.name),
      screen_(STDOUT_FILENO, &editor_),
      look_(IsColoured(screen_), options.times) {
  if (IsInteractive(screen_)) raw_.emplace();
  conversation_ = MakeConversation(options.room);
  ShowPrompt();
}

std::unique_ptr<Conversation> ChatProgram::MakeConversation(const std::string& room) {
  Ear* const ear = this;
  Visitor visitor;
  visitor.set_room(room);
  visitor.set_name(name_);
  visitor.set_key(key_);
  std::unique_ptr<Conversation> made;
  if (options_.address.starts_with("udp:")) {
    made = std::make_unique<DatagramConversation>(chat_, visitor, ear, options_.poll_interval);
  } else {
    const auto history = static_cast<uint32_t>(options_.history);
    made = std::make_unique<StreamConversation>(chat_, visitor, history, ear);
  }
  if (!raw_.has_value()) made->BePatient();
  return made;
}

std::string ChatProgram::CauseOf(const absl::Status& lost) const {
  const std::string sentence = SentenceOf(lost);
  const size_t named = sentence.find(options_.address + ": ");
  return named == std::string::npos ? absl::StrCat(options_.address, ": ", sentence)
                                    : sentence.substr(named);
}

rpc::Task<> ChatProgram::Run() {
  auto over = co_await rpc::WhenAny(Converse(), ReadAll(), HearSignals(), DoErrands(), EndInTime());
  screen_.Hide();
  const absl::Status status = over.index == 0 ? over.get<0>() : absl::OkStatus();
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) {
    co_return absl::UnavailableError(absl::StrCat("cannot reach ", CauseOf(status)));
  }
  if (!status.ok() || raw_.has_value() || lines_not_taken_ == 0) co_return status;
  co_return absl::FailedPreconditionError(absl::StrCat(
      lines_not_taken_, lines_not_taken_ == 1 ? " line was" : " lines were", " not taken"));
}

rpc::Task<> ChatProgram::Converse() {
  for (;;) {
    const absl::Status over = co_await conversation_->Run();
    const bool was_welcome = conversation_->is_welcome();
    if (next_ == nullptr) {
      if (over.ok() || was_welcome || room_before_.empty()) co_return over;
      // What follows in a pipe was not meant for the room before.
      if (!raw_.has_value()) co_return absl::FailedPreconditionError(over.message());
      OnNotice(absl::StrCat(over.message(), "; back to ", room_before_));
      next_ = MakeConversation(room_before_);
    }
    room_before_ = was_welcome ? conversation_->room() : "";
    conversation_ = std::move(next_);
  }
}

rpc::Task<> ChatProgram::ReadAll() { return raw_.has_value() ? ReadKeys() : ReadLines(); }

rpc::Task<> ChatProgram::ReadKeys() {
  terminal::Input input;
  terminal::KeyReader keys;
  bool more = true;
  while (more) {
    const absl::StatusOr<std::string> bytes = co_await input.Read();
    more = bytes.ok() && !bytes->empty();
    if (!more) break;
    for (const terminal::Key& key : keys.Feed(*bytes)) {
      const std::optional<terminal::Line> line = editor_.Feed(key);
      if (line.has_value()) TakeLine(*line);
    }
    ShowPrompt();
  }
  Quit();
  co_return co_await Stay();
}

rpc::Task<> ChatProgram::ReadLines() {
  terminal::Input input;
  bool more = true;
  while (more) {
    const absl::StatusOr<std::optional<std::string>> line = co_await input.ReadLine();
    if (absl::IsCancelled(line.status())) co_return line.status();
    if (line.ok()) {
      more = line->has_value();
      if (more) TakeCommand(ReadCommand(**line));
    } else {
      TakeMistake(SentenceOf(line.status()));
      more = absl::IsResourceExhausted(line.status());  // too long a line; there may be others
    }
    const absl::Status settled = co_await Settled();
    if (!settled.ok()) co_return settled;
  }
  errands_.Push({Command::Kind::kQuit, ""});
  co_return co_await Stay();
}

rpc::Task<> ChatProgram::Settled() {
  absl::Status rung;
  while (rung.ok() && !current().is_settled()) rung = co_await settled_.Wait();
  co_return rung;
}

rpc::Task<> ChatProgram::HearSignals() {
  terminal::Signals signals({SIGINT, SIGTERM, SIGWINCH});
  for (;;) {
    const absl::StatusOr<int> signal = co_await signals.Next();
    if (!signal.ok()) co_return signal.status();
    if (*signal == SIGWINCH) {
      screen_.Resize();
    } else {
      Quit();
    }
  }
}

rpc::Task<> ChatProgram::DoErrands() {
  for (;;) {
    const std::optional<Command> errand = co_await errands_.Pop();
    if (!errand.has_value()) co_return absl::CancelledError("cancelled while it waited");
    absl::Status welcomed;
    while (welcomed.ok() && !current().is_welcome()) welcomed = co_await welcomed_.Wait();
    if (!welcomed.ok()) co_return welcomed;
    const absl::Status done = co_await DoErrand(*errand);
    if (!done.ok()) OnNotice(SentenceOf(done));
  }
}

rpc::Task<> ChatProgram::DoErrand(const Command& command) {
  switch (command.kind) {
    case Command::Kind::kWho:
      return TellMembers();
    case Command::Kind::kRooms:
      return TellRooms();
    default:
      current().Leave();
      return absl::OkStatus();
  }
}

rpc::Task<> ChatProgram::TellMembers() {
  std::vector<MemberEntry> members;
  WhoRequest request;
  request.set_room(current().room());
  bool more = true;
  while (more) {
    absl::StatusOr<WhoReply> reply = co_await chat_.Who(request);
    if (!reply.ok()) co_return reply.status();
    members.insert(members.end(), reply->members().begin(), reply->members().end());
    more = reply->more() && !members.empty();
    if (more) request.set_after(members.back().name());
  }
  Show(look_.OfMembers(request.room(), members));
  co_return absl::OkStatus();
}

rpc::Task<> ChatProgram::TellRooms() {
  std::vector<RoomEntry> rooms;
  RoomsRequest request;
  bool more = true;
  while (more) {
    absl::StatusOr<RoomsReply> reply = co_await chat_.Rooms(request);
    if (!reply.ok()) co_return reply.status();
    rooms.insert(rooms.end(), reply->rooms().begin(), reply->rooms().end());
    more = reply->more() && !rooms.empty();
    if (more) request.set_after(rooms.back().name());
  }
  Show(look_.OfRooms(rooms));
  co_return absl::OkStatus();
}

// After Quit the server has a while, and the user can be quicker by asking again.
rpc::Task<> ChatProgram::EndInTime() {
  absl::Status rung = co_await quit_.Wait();
  if (!rung.ok()) co_return rung;
  if (conversation_->is_lost() || !conversation_->is_welcome()) co_return absl::OkStatus();
  co_await rpc::WhenAny(quit_.Wait(), rpc::Sleep(kLeavingTimeout));
  co_return absl::OkStatus();
}

void ChatProgram::TakeLine(const terminal::Line& line) {
  switch (line.kind) {
    case terminal::Line::Kind::kText:
      return TakeCommand(ReadCommand(line.text));
    case terminal::Line::Kind::kEof:
    case terminal::Line::Kind::kInterrupt:
    case terminal::Line::Kind::kQuit:
      return Quit();
    case terminal::Line::Kind::kSuspend:
      return Suspend();
    case terminal::Line::Kind::kClear:
      return screen_.Clear();
    default:
      return;
  }
}

void ChatProgram::TakeCommand(const Command& command) {
  switch (command.kind) {
    case Command::Kind::kNothing:
      return;
    case Command::Kind::kSay:
      return current().Say(command.argument);
    case Command::Kind::kName:
      return current().Rename(command.argument);
    case Command::Kind::kJoin:
      return GoTo(command.argument);
    case Command::Kind::kHelp:
      return Show(std::string(CommandsHelp()));
    case Command::Kind::kMistake:
      return TakeMistake(command.argument);
    case Command::Kind::kQuit:
      return Quit();
    default:
      return errands_.Push(command);
  }
}

void ChatProgram::TakeMistake(const std::string& sentence) {
  ++lines_not_taken_;
  OnNotice(sentence);
}

void ChatProgram::GoTo(const std::string& room) {
  current().Leave();
  next_ = MakeConversation(room);
}

void ChatProgram::Quit() {
  current().Leave();
  quit_.Ring();
}

void ChatProgram::ShowPrompt() {
  if (!raw_.has_value()) return;
  editor_.SetPrompt(name_ + "> ");
  screen_.Draw();
}

void ChatProgram::Suspend() {
  screen_.Hide();
  raw_->Suspend();
  screen_.Resize();
}

void ChatProgram::Show(const std::string& line) {
  screen_.PrintRaw(line);
  if (!screen_.ok()) Quit();  // nobody reads
}

void ChatProgram::ShowAside(const std::string& line) {
  if (raw_.has_value()) return Show(line);
  std::fprintf(stderr, "%s\n", line.c_str());
}

void ChatProgram::OnWelcome(const Welcome& welcome) {
  name_ = welcome.name();
  welcomed_.Ring();
  settled_.Ring();
  ShowPrompt();
  if (!welcome.resumed()) Show(look_.Of(welcome, conversation_->room()));
}

void ChatProgram::OnEvent(const Event& event) {
  const bool is_presence = event.kind() == Event::JOINED || event.kind() == Event::LEFT;
  if (is_presence && event.name() == conversation_->name()) return;
  if (name_ != conversation_->name()) {
    name_ = conversation_->name();
    ShowPrompt();
  }
  Show(look_.Of(event, name_));
}

void ChatProgram::OnMissed(uint64_t count) { Show(look_.OfMissed(count)); }

void ChatProgram::OnRefused(const Refused& refused) {
  lines_not_taken_ += refused.count();
  ShowAside(look_.OfRefused(refused));
}

void ChatProgram::OnLost(const absl::Status& why) {
  OnNotice(absl::StrCat("the server is lost (", CauseOf(why), "); trying again"));
}

void ChatProgram::OnSettled() { settled_.Ring(); }

void ChatProgram::OnNotice(const std::string& notice) { ShowAside(look_.OfNotice(notice)); }

}  // namespace chat
