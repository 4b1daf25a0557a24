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

// To the next of the addresses that there is a way to.
absl::Status ClientDatagrams::Connect() {
  socket_.reset();
  failure_ = 0;
  absl::Status failure;
  for (size_t i = 0; i < addresses_.size(); ++i) {
    ++next_address_;
    net::Descriptor socket = net::ConnectDatagrams(address(), options_);
    if (socket) {
      socket_.emplace(loop_, std::move(socket), static_cast<net::DatagramSocket::User*>(this));
      return absl::OkStatus();
    }
    failure = net::SystemError(errno, "cannot send to", ToString(address(), net::Scheme::kUdp));
  }
  return failure;
}

const net::SocketAddress& ClientDatagrams::address() const {
  return addresses_[(next_address_ - 1) % addresses_.size()];
}

std::string ClientDatagrams::Trouble() const {
  if (failure_ == 0) return "";
  return absl::StrCat("; ", ToString(address(), net::Scheme::kUdp), ": ",
                      net::SystemReason(failure_));
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
  unanswered_ = failure_ = 0;
  session().Receive(bytes);
  TellEvents();
}

void ClientDatagrams::OnError(int error_number) {
  failure_ = error_number;
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
    // What gets lost is sent again.
    const int failure = socket_.has_value() ? socket_->Send({}, datagram.bytes) : 0;
    if (IsOfAddress(failure)) failure_ = failure;
  }
  if (IsOfAddress(failure_) && addresses_.size() > 1) (void)Connect();
  SetAlarm();
  if (unanswered_ >= kUnansweredMax && !over_) {
    over_ = true;
    channel()->OnDraining(this);
  }
  if (over_ && idle()) channel()->Forget(this);
}

void ClientDatagrams::SetAlarm() {
  const net::TimeUs next_us = session_.NextTimeUs();
  if (next_us != net::kNever) loop_->SetTimer(this, next_us);
}

}  // namespace rpc::runtime
