#include "rpc/runtime/client_datagrams.h"

#include <cerrno>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/net/socket.h"
#include "rpc/runtime/loop_channel.h"

namespace rpc::runtime {
namespace {

// Calls in a row without an answer, after which the server may be somewhere else.
constexpr int kUnansweredMax = 3;

// Not to be guessed: a stranger who knew it could answer in the server's place.
uint64_t RandomSession() {
  std::random_device random;
  const uint64_t session = (uint64_t{random()} << 32) | random();
  return session == 0 ? 1 : session;
}

// Whether another address may do better.
bool IsOfAddress(int error_number) {
  return error_number == ECONNREFUSED || error_number == EHOSTUNREACH ||
         error_number == ENETUNREACH;
}

}  // namespace

ClientDatagrams::ClientDatagrams(LoopChannel* channel, net::Loop* loop,
                                 const session::DatagramLimits& limits,
                                 const net::SocketOptions& options,
                                 std::vector<net::SocketAddress> addresses)
    : ClientCarrier(channel),
      loop_(loop),
      options_(options),
      addresses_(std::move(addresses)),
      session_(limits, RandomSession(), loop->now_us()) {}

// To the next of the addresses that there is a way to. When there is none the old socket stays.
absl::Status ClientDatagrams::Connect() {
  absl::Status failure;
  for (size_t i = 0; i < addresses_.size(); ++i) {
    const net::SocketAddress& address = addresses_[next_address_++ % addresses_.size()];
    const std::string name = ToString(address, net::Scheme::kUdp);
    std::string reason;
    net::Descriptor socket = net::ConnectDatagrams(address, options_, &reason);
    if (socket) {
      name_ = name;
      socket_.emplace(loop_, std::move(socket), static_cast<net::DatagramSocket::User*>(this));
      return absl::OkStatus();
    }
    failure = absl::UnavailableError(absl::StrCat("cannot send to ", name, ": ", reason));
  }
  return failure;
}

std::string ClientDatagrams::Trouble() const {
  return trouble_.empty() ? "" : absl::StrCat("; ", trouble_);
}

session::DatagramClient& ClientDatagrams::session() {
  session_.Advance(loop_->now_us());
  loop_->FlushLater(this);
  return session_;
}

void ClientDatagrams::Shutdown() {
  over_ = true;
  loop_->FlushLater(this);
}

absl::StatusOr<uint64_t> ClientDatagrams::Open(const session::Opening& opening,
                                               const session::Payload* request) {
  if (request != nullptr) return session().Open(opening, *request);
  return absl::UnimplementedError(
      absl::StrCat(absl::string_view(opening.name.data(), opening.name.size()),
                   " takes a stream of messages, and a datagram carries one: use tcp://"));
}

session::ReadResult ClientDatagrams::Read(uint64_t, std::string_view*) {
  return session::ReadResult::kGone;
}

session::Sent ClientDatagrams::Write(uint64_t, const session::Payload&) {
  return session::Sent::kGone;
}

void ClientDatagrams::Cancel(uint64_t call) { session().Cancel(call); }

void ClientDatagrams::OnDatagram(std::string_view, std::string_view bytes) {
  unanswered_ = 0;
  silent_addresses_ = 0;
  trouble_.clear();
  session().Receive(bytes);
  TellEvents();
}

void ClientDatagrams::OnError(int error_number) {
  // Full buffers are no trouble: what gets lost is sent again.
  if (error_number == EAGAIN || error_number == ENOBUFS) return;
  trouble_ = absl::StrCat(name_, ": ", net::SystemReason(error_number));
  try_next_ = try_next_ || IsOfAddress(error_number);
  loop_->FlushLater(this);
}

void ClientDatagrams::TellEvents() {
  session::Event event;
  while (session_.Next(&event)) {
    // Without a header it is no answer.
    if (event.header == nullptr && absl::IsDeadlineExceeded(event.status)) ++unanswered_;
    static_cast<ClientCall*>(event.tag)->OnEvent(event);
  }
}

void ClientDatagrams::Flush() {
  TellEvents();
  session::Datagram datagram;
  while (session_.NextDatagram(&datagram)) {
    if (const int failure = socket_->Send({}, datagram.bytes); failure != 0) OnError(failure);
  }
  LookForAnswers();
  SetAlarm();
  if (over_ && idle()) channel()->Forget(this);
}

// Goes on to the next address where this one does not answer, and ends when none does.
void ClientDatagrams::LookForAnswers() {
  const bool silent = unanswered_ >= kUnansweredMax;
  if (silent) unanswered_ = 0;
  if (silent && ++silent_addresses_ >= addresses_.size() && !over_) {
    over_ = true;
    return channel()->OnDraining(this, absl::OkStatus());
  }
  const bool next = std::exchange(try_next_, false) || silent;
  if (next && addresses_.size() > 1) (void)Connect();
}

void ClientDatagrams::SetAlarm() {
  const net::TimeUs next_us = session_.NextTimeUs();
  if (next_us != net::kNever) loop_->SetTimer(this, next_us);
}

}  // namespace rpc::runtime
