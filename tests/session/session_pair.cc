#include "tests/session/session_pair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tests/session/event_text.h"

namespace rpc::session {
namespace {

MetadataList Copy(const std::vector<wire::Metadatum>& metadata) {
  MetadataList list;
  for (const wire::Metadatum& m : metadata) {
    list.emplace_back(std::string(m.key), std::string(m.value));
  }
  return list;
}

}  // namespace

SessionPair::SessionPair(const PairOptions& options) : read_at_once_(options.read_at_once) {
  server_ = std::make_unique<ServerSession>(&buffers_, options.server, FindMethod, now_us_);
  client_ = std::make_unique<ClientSession>(&buffers_, options.client, now_us_, options.hello);
  auto sent = [this](const char* side) {
    return [this, side](const std::string& line) {
      if (!line.starts_with("-> ")) return;
      trace_.push_back(side + line.substr(3));
      history_.push_back(trace_.back());
    };
  };
  client_->set_trace(sent("C: "));
  server_->set_trace(sent("S: "));
}

SessionPair::~SessionPair() {
  if (!testing::Test::HasFailure()) return;
  for (const std::string& line : history_) std::fprintf(stderr, "%s\n", line.c_str());
}

const Method* SessionPair::FindMethod(std::string_view name) {
  static const Method kUnary{true, true};
  static const Method kServerStream{true, false};
  static const Method kClientStream{false, true};
  static const Method kBoth{false, false};
  if (name.ends_with("Unary")) return &kUnary;
  if (name.ends_with("ServerStream")) return &kServerStream;
  if (name.ends_with("ClientStream")) return &kClientStream;
  if (name.ends_with("Both")) return &kBoth;
  return nullptr;
}

uint64_t SessionPair::Open(std::string_view name, std::string_view message, Opening opening) {
  const Method* method = FindMethod(name);
  opening.name = name;
  opening.single_reply = method == nullptr || method->single_reply;
  opening.last = method == nullptr || method->single_request;
  const absl::StatusOr<uint64_t> call = client_->Open(opening, {message});
  EXPECT_TRUE(call.ok()) << call.status();
  return call.value_or(0);
}

uint64_t SessionPair::OpenBare(std::string_view name, Opening opening) {
  const Method* method = FindMethod(name);
  opening.name = name;
  opening.single_reply = method == nullptr || method->single_reply;
  opening.last = false;
  const absl::StatusOr<uint64_t> call = client_->Open(opening);
  EXPECT_TRUE(call.ok()) << call.status();
  return call.value_or(0);
}

void SessionPair::Reply(uint64_t call, std::string_view message) {
  const Payload payload{message};
  server_->End(call, absl::OkStatus(), &payload);
  server_->CheckInvariants();
}

void SessionPair::End(uint64_t call, const absl::Status& status) {
  server_->End(call, status);
  server_->CheckInvariants();
}

void SessionPair::Listen() {
  if (!client_played_) TakeClientEvents();
  if (!server_played_) TakeServerEvents();
}

void SessionPair::Run() {
  for (;;) {
    Listen();
    const size_t moved = ToServer() + ToClient();
    if (moved == 0) return;
  }
}

template <typename To>
void SessionPair::Feed(To& to, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> space = to.Space();
    const size_t size = std::min(bytes.size(), space.size());
    std::memcpy(space.data(), bytes.data(), size);
    to.Commit(size);
    bytes.remove_prefix(size);
    if (static_cast<Session*>(&to) == client_.get()) {
      TakeClientEvents();
    } else {
      TakeServerEvents();
    }
  }
}

template <typename From, typename To>
size_t SessionPair::Move(From& from, To& to, size_t size_max) {
  size_t moved = 0;
  while (moved < size_max && !Plays(&from) && (Plays(&to) || to.WantsInput())) {
    const std::span<const wire::Piece> pieces = from.Pieces();
    if (pieces.empty()) break;
    const size_t size = std::min(pieces[0].bytes.size(), size_max - moved);
    const std::string_view bytes = pieces[0].bytes.substr(0, size);
    Plays(&to) ? void(received_ += bytes) : Feed(to, bytes);
    from.Consume(size);
    moved += size;
    from.CheckInvariants();
    to.CheckInvariants();
  }
  return moved;
}

size_t SessionPair::ToServer(size_t size_max) { return Move(*client_, *server_, size_max); }
size_t SessionPair::ToClient(size_t size_max) { return Move(*server_, *client_, size_max); }
void SessionPair::FeedServer(std::string_view bytes) { Feed(*server_, bytes); }
void SessionPair::FeedClient(std::string_view bytes) { Feed(*client_, bytes); }

bool SessionPair::Plays(const Session* session) const {
  return session == client_.get() ? client_played_ : server_played_;
}

TimeUs SessionPair::NextTimeUs() const {
  return std::min(client_played_ ? kNever : client_->NextTimeUs(),
                  server_played_ ? kNever : server_->NextTimeUs());
}

void SessionPair::AdvanceTo(TimeUs now_us) {
  now_us_ = now_us;
  for (Session* session :
       {static_cast<Session*>(client_.get()), static_cast<Session*>(server_.get())}) {
    if (Plays(session)) continue;
    session->Advance(now_us_);
    session->CheckInvariants();
  }
}

void SessionPair::Wait(TimeUs duration_us, bool run) {
  const TimeUs until_us = now_us_ + duration_us;
  if (run) Run();
  while (now_us_ < until_us) {
    AdvanceTo(std::min(until_us, std::max(NextTimeUs(), now_us_ + 1)));
    Listen();
    if (run) Run();
    if (NextTimeUs() > now_us_) continue;
    ADD_FAILURE() << "a session wants to be woken at " << NextTimeUs() << ", but it is " << now_us_;
    return;
  }
}

void SessionPair::Hear(const char* side, const Event& event,
                       const std::vector<std::string>& messages) {
  std::string line = absl::StrCat(side, " hears ", DescribeEvent(event));
  for (const std::string& message : messages) absl::StrAppend(&line, " ", ShownBody(message));
  history_.push_back(std::move(line));
}

void SessionPair::ForgetPast() {
  trace_.clear();
  history_.clear();
  received_.clear();
}

void SessionPair::TakeClientEvents() {
  for (Event event; client_->Next(&event); client_->CheckInvariants()) {
    CallLog& log = client_log_[event.call];
    std::vector<std::string> messages;
    switch (event.kind) {
      case EventKind::kMetadata:
        log.metadata = Copy(event.header->metadata);
        break;
      case EventKind::kMessage:
        EXPECT_EQ(log.ends, 0) << "a message after the end";
        if (read_at_once_) messages = ReadClient(event.call);
        break;
      case EventKind::kWritable:
        ++log.writable;
        break;
      case EventKind::kEnd:
        ++log.ends;
        log.status = event.status;
        log.body = std::string(event.body);
        log.unseen = event.unseen;
        if (event.header != nullptr) log.trailing = Copy(event.header->metadata);
        break;
      case EventKind::kDraining:
        draining = true;
        break;
      case EventKind::kClosed:
        client_closed = event.status;
        break;
      default:
        ADD_FAILURE() << "a client was told event " << static_cast<int>(event.kind);
    }
    Hear("C", event, messages);
  }
}

void SessionPair::TakeServerEvents() {
  for (Event event; server_->Next(&event); server_->CheckInvariants()) {
    CallLog& log = server_log_[event.call];
    std::vector<std::string> messages;
    switch (event.kind) {
      case EventKind::kCall:
        EXPECT_FALSE(log.begun && event.call != 0) << "a call began twice";
        log.begun = true;
        log.name = std::string(event.header->name);
        log.metadata = Copy(event.header->metadata);
        log.timeout_us = event.header->timeout_us;
        if (event.body.data() != nullptr) log.request = std::string(event.body);
        break;
      case EventKind::kMessage:
        if (read_at_once_) messages = ReadServer(event.call);
        break;
      case EventKind::kHalfClosed:
        log.half_closed = true;
        break;
      case EventKind::kWritable:
        ++log.writable;
        break;
      case EventKind::kCancelled:
        ++log.ends;
        log.status = event.status;
        break;
      case EventKind::kClosed:
        server_closed = event.status;
        break;
      default:
        ADD_FAILURE() << "a server was told event " << static_cast<int>(event.kind);
    }
    Hear("S", event, messages);
  }
}

std::vector<std::string> SessionPair::ReadClient(uint64_t call) {
  std::vector<std::string> messages;
  for (std::string_view message; client_->Read(call, &message) == ReadResult::kMessage;) {
    messages.emplace_back(message);
    client_log_[call].messages.emplace_back(message);
  }
  return messages;
}

std::vector<std::string> SessionPair::ReadServer(uint64_t call) {
  std::vector<std::string> messages;
  for (std::string_view message; server_->Read(call, &message) == ReadResult::kMessage;) {
    messages.emplace_back(message);
    server_log_[call].messages.emplace_back(message);
  }
  return messages;
}

int SessionPair::Count(std::string_view start) const {
  return static_cast<int>(std::count_if(trace_.begin(), trace_.end(),
                                        [&](const auto& line) { return line.starts_with(start); }));
}

std::string SessionPair::TraceText() const {
  std::string text;
  for (const std::string& line : trace_) text += line + "\n";
  return text;
}

}  // namespace rpc::session
