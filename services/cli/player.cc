#include "services/cli/player.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rpc/net/transport.h"

namespace cli {
namespace {

namespace net = rpc::net;

constexpr net::TimeUs kConnectTimeoutUs = 10'000'000;
constexpr size_t kSpaceSize = 64 << 10;
constexpr char kTlsFirstByte = 0x16;

}  // namespace

// One connection to the server.
class Player::Line final : public net::Transport::User {
 public:
  Line(Player* player, uint32_t number, std::unique_ptr<net::Transport> transport)
      : player_(player), number_(number), transport_(std::move(transport)), space_(kSpaceSize) {
    transport_->Start(this);
  }

  net::Transport* transport() { return transport_.get(); }
  bool ended() const { return ended_; }
  // True once: before anything has been sent on it.
  bool Begins() { return !std::exchange(begun_, true); }

 private:
  std::span<char> Space() override { return space_; }
  void OnInput(size_t size) override {
    player_->log_->Bytes(player_->Now(), number_, Direction::kToClient, {space_.data(), size});
    player_->Step();
  }
  void OnInputEnd(const absl::Status& why) override {
    ended_ = true;
    if (why.ok()) {
      player_->log_->Ended(player_->Now(), number_, Direction::kToClient);
    } else {
      player_->log_->Closed(player_->Now(), number_, std::string(why.message()));
    }
    player_->Step();
  }
  void OnWritable() override { player_->Step(); }

  Player* const player_;
  const uint32_t number_;
  const std::unique_ptr<net::Transport> transport_;
  std::vector<char> space_;
  bool ended_ = false;
  bool begun_ = false;
};

Player::Player(net::Loop* loop, Recording* recording, PlayerOptions options, FrameLog* log,
               Outcomes* outcomes)
    : loop_(loop),
      recording_(recording),
      options_(std::move(options)),
      log_(log),
      outcomes_(outcomes),
      before_(Style(false), nullptr, 0,
              [outcomes](uint32_t connection, Direction direction, const rpc::wire::Frame& frame) {
                if (direction == Direction::kToClient) outcomes->Before(connection, frame);
              }) {}

Player::~Player() = default;

absl::Duration Player::Now() const { return absl::Microseconds(loop_->now_us() - began_us_); }

Player::Line* Player::Find(uint32_t connection) {
  const auto found = lines_.find(connection);
  return found == lines_.end() ? nullptr : found->second.get();
}

void Player::Start() {
  began_us_ = net::ClockUs();
  loop_->Post([this] { Step(); });
}

void Player::Step() {
  if (finished_ || std::exchange(stepping_, true)) return;
  for (bool goes_on = true; goes_on && !finished_ && !all_sent_;) {
    if (!event_.has_value()) {
      Event event;
      all_sent_ = !recording_->Next(&event);
      if (all_sent_) break;
      if (!first_at_.has_value() && event.kind != Event::Kind::kAbout) first_at_ = event.at;
      event_ = event;
      sent_ = 0;
    }
    goes_on = Do(*event_);
    if (goes_on) event_.reset();
  }
  stepping_ = false;
  if (finished_ || !all_sent_) return;
  if (AllAnswered() || IsOutOfPatience()) Finish();
}

bool Player::IsOutOfPatience() {
  const net::TimeUs now_us = loop_->now_us();
  if (waits_since_us_ == net::kNever) waits_since_us_ = now_us;
  const net::TimeUs until_us =
      waits_since_us_ + static_cast<net::TimeUs>(absl::ToInt64Microseconds(options_.patience));
  if (now_us < until_us) WakeAt(until_us);
  return now_us >= until_us;
}

bool Player::Do(const Event& event) {
  switch (event.kind) {
    case Event::Kind::kOpened:
      return Open(event);
    case Event::Kind::kToServer:
    case Event::Kind::kClientEnded:
      return Find(event.connection) == nullptr || (IsDue(event) && Send(event));
    case Event::Kind::kToClient:
      before_.Bytes(event.at, event.connection, Direction::kToClient, event.bytes);
      return true;
    default:
      return true;
  }
}

bool Player::Open(const Event& event) {
  if (Find(event.connection) != nullptr) return true;
  if (connector_ != nullptr || !IsDue(event)) return false;
  const net::ConnectOptions options = {.tls = options_.tls};
  connector_ = std::make_unique<net::Connector>(
      loop_, options_.to, options, loop_->now_us() + kConnectTimeoutUs,
      [this, number = event.connection](absl::StatusOr<std::unique_ptr<net::Transport>> server) {
        if (!server.ok()) return Fail(server.status());
        log_->Opened(Now(), number, "replay");
        lines_[number] = std::make_unique<Line>(this, number, *std::move(server));
        Player* const player = this;  // this function goes with the connector
        connector_ = nullptr;
        player->Step();
      });
  return false;
}

bool Player::IsDue(const Event& event) {
  const net::TimeUs now_us = loop_->now_us();
  const absl::Duration after = event.at - first_at_.value_or(event.at);
  const net::TimeUs due_us =
      options_.fast ? 0 : began_us_ + static_cast<net::TimeUs>(absl::ToInt64Microseconds(after));
  if (now_us < due_us) {
    WakeAt(due_us);
    return false;
  }
  if (event.kind == Event::Kind::kOpened || HasReplies(event.connection)) {
    waits_since_us_ = net::kNever;
    return true;
  }
  return IsOutOfPatience();
}

bool Player::HasReplies(uint32_t connection) const {
  const auto found = lines_.find(connection);
  return found == lines_.end() || found->second->ended() ||
         outcomes_->ended_now(connection) >= outcomes_->ended_before(connection);
}

bool Player::Send(const Event& event) {
  Line* const line = Find(event.connection);
  net::Transport* const transport = line->transport();
  if (event.kind == Event::Kind::kClientEnded) {
    transport->CloseWriting();
    return true;
  }
  if (line->Begins() && event.bytes.starts_with(kTlsFirstByte)) {
    Fail(absl::InvalidArgumentError(
        absl::StrCat("connection ", event.connection,
                     " is TLS as it passed through, which nobody can send again; record with "
                     "--listen=tls://..., --listen_cert and --listen_key")));
    return false;
  }
  if (sent_ == 0) log_->Bytes(Now(), event.connection, Direction::kToServer, event.bytes);
  const rpc::wire::Piece piece = {event.bytes.substr(sent_), {}};
  const size_t written = transport->Write({&piece, 1});
  sent_ += written;
  if (written > 0) waits_since_us_ = net::kNever;
  if (sent_ == event.bytes.size()) return true;
  if (IsOutOfPatience()) Finish();
  return false;
}

bool Player::AllAnswered() const {
  return std::ranges::all_of(lines_, [this](const auto& line) { return HasReplies(line.first); });
}

void Player::Finish() {
  finished_ = true;
  loop_->ClearTimer(this);
  loop_->Stop();
}

void Player::Fail(absl::Status why) {
  status_ = std::move(why);
  Finish();
}

void Player::WakeAt(net::TimeUs at_us) { loop_->SetTimer(this, at_us); }

}  // namespace cli
