#include "rpc/net/tls_transport.h"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "rpc/net/tls_error.h"

namespace rpc::net {
namespace {

// Also the most that one record holds.
constexpr size_t kRecordSize = 16 << 10;
// Written below at once.
constexpr int kRecordsMax = 4;

// The bytes of many pieces, record by record.
class Records {
 public:
  explicit Records(std::span<const wire::Piece> pieces) : pieces_(pieces) { PassEmpty(); }

  bool done() const { return pieces_.empty(); }

  // The next record's bytes, until the next call; copied only where a piece is too small for one.
  std::string_view Next() {
    const std::string_view first = Take(kRecordSize);
    if (first.size() == kRecordSize || done()) return first;
    size_t size = first.size();
    std::memcpy(Gathered(), first.data(), size);
    while (size < kRecordSize && !done()) {
      const std::string_view more = Take(kRecordSize - size);
      std::memcpy(Gathered() + size, more.data(), more.size());
      size += more.size();
    }
    return {Gathered(), size};
  }

 private:
  static char* Gathered() {
    thread_local const std::unique_ptr<char[]> bytes(new char[kRecordSize]);
    return bytes.get();
  }

  // Of the first piece.
  std::string_view Take(size_t size_max) {
    const std::string_view taken = pieces_.front().bytes.substr(offset_, size_max);
    offset_ += taken.size();
    PassEmpty();
    return taken;
  }

  void PassEmpty() {
    for (; !done() && offset_ == pieces_.front().bytes.size(); offset_ = 0) {
      pieces_ = pieces_.subspan(1);
    }
  }

  std::span<const wire::Piece> pieces_;
  size_t offset_ = 0;
};

class TlsTransport final : public Transport, private TlsLink::User, private Ready {
 public:
  TlsTransport(std::unique_ptr<TlsLink> link, std::shared_ptr<const Peer> peer);
  ~TlsTransport() override;

  void Start(Transport::User* user) override;
  void SetReading(bool on) override;
  size_t Write(std::span<const wire::Piece> pieces) override;
  absl::Status failure() const override { return failure_.ok() ? link_->failure() : failure_; }
  bool flushed() const override { return !link_->waiting(); }
  void CloseWriting() override;

 private:
  // Of the link.
  void OnInput() override;
  void OnDrained() override;
  // What is here already is read in a turn, though nothing comes from below.
  void Run() override { link_->Pump(); }

  enum class Next { kRead, kWait, kGone };  // gone: do not touch `this`
  Next ReadOnce();
  Next Deliver(size_t size);
  bool HasMore() const;
  // Why there is no more input, if there is none any more; after SSL_read has failed.
  std::optional<absl::Status> EndOf(int error) const;
  // The user may be gone with the transport then.
  void End(const absl::Status& why);
  size_t Encrypt(Records* records);
  // Before all input has been read: that tells it.
  void FailWriting(absl::Status why);
  bool MayHaveUnreadTickets() const;

  std::unique_ptr<TlsLink> link_;
  Transport::User* user_ = nullptr;
  absl::Status failure_ = {};  // nothing is written any more; told when all input has been read
  bool* gone_ = nullptr;       // set when this is destroyed, if somebody wants to know
  bool reading_ = false;
  bool ended_ = false;    // there is no more input
  bool blocked_ = false;  // OnWritable is due
  bool writing_closed_ = false;
  bool has_read_ = false;
};

TlsTransport::TlsTransport(std::unique_ptr<TlsLink> link, std::shared_ptr<const Peer> peer)
    : Transport(std::move(peer)), link_(std::move(link)) {
  link_->SetUser(this);
  link_->SetReading(false);
}

TlsTransport::~TlsTransport() {
  if (gone_ != nullptr) *gone_ = true;
  const bool linger = MayHaveUnreadTickets();
  TlsLink::Close(std::move(link_), linger);
}

// A server of TLS 1.3 sends them behind the handshake, to a client that may have nothing to read.
bool TlsTransport::MayHaveUnreadTickets() const {
  const SSL* ssl = link_->ssl();
  return SSL_is_server(ssl) == 0 && SSL_version(ssl) >= TLS1_3_VERSION && !has_read_ && !ended_;
}

void TlsTransport::Start(Transport::User* user) {
  user_ = user;
  SetReading(true);
}

void TlsTransport::SetReading(bool on) {
  reading_ = on && !ended_;
  link_->SetReading(reading_);
  // Within OnInput the loop there goes on by itself.
  if (reading_ && gone_ == nullptr && HasMore()) link_->loop()->MakeReady(this);
}

bool TlsTransport::HasMore() const {
  return link_->has_input() || SSL_pending(link_->ssl()) > 0 || link_->input_ended() ||
         !failure_.ok();
}

void TlsTransport::OnInput() {
  Next next = reading_ ? Next::kRead : Next::kWait;
  while (next == Next::kRead) next = ReadOnce();
  if (next == Next::kWait) link_->FreeBuffers();
}

TlsTransport::Next TlsTransport::ReadOnce() {
  const std::span<char> space = user_->Space();
  size_t size = 0;
  ERR_clear_error();
  const int done = SSL_read_ex(link_->ssl(), space.data(), space.size(), &size);
  const int error = SSL_get_error(link_->ssl(), done);
  link_->Flush();
  if (done == 1 && !link_->flooded()) return Deliver(size);
  const std::optional<absl::Status> end = EndOf(error);
  if (!end.has_value()) return Next::kWait;
  End(*end);
  return Next::kGone;
}

TlsTransport::Next TlsTransport::Deliver(size_t size) {
  has_read_ = true;
  link_->OnData(size);
  bool gone = false;
  gone_ = &gone;
  user_->OnInput(size);
  if (gone) return Next::kGone;
  gone_ = nullptr;
  return reading_ && HasMore() ? Next::kRead : Next::kWait;
}

std::optional<absl::Status> TlsTransport::EndOf(int error) const {
  if (link_->flooded()) return FloodError(*link_);
  if (error == SSL_ERROR_ZERO_RETURN) return absl::OkStatus();
  if (!failure_.ok()) return failure_;
  if (error != SSL_ERROR_WANT_READ) return StreamError(*link_);
  if (link_->input_ended()) return CutOffError(*link_);
  return std::nullopt;
}

void TlsTransport::End(const absl::Status& why) {
  if (!why.ok()) failure_ = why;
  if (!why.ok()) blocked_ = false;
  ended_ = true;
  reading_ = false;
  link_->SetReading(false);
  user_->OnInputEnd(why);
}

size_t TlsTransport::Write(std::span<const wire::Piece> pieces) {
  Records records(pieces);
  size_t taken = 0;
  while (!records.done() && failure_.ok() && !writing_closed_ && !link_->waiting()) {
    taken += Encrypt(&records);
    link_->Flush();
  }
  if (!failure_.ok() || writing_closed_) return SizeOf(pieces);
  if (!records.done()) blocked_ = true;
  return taken;
}

size_t TlsTransport::Encrypt(Records* records) {
  size_t taken = 0;
  for (int i = 0; i < kRecordsMax && !records->done(); ++i) {
    const std::string_view record = records->Next();
    size_t written = 0;
    ERR_clear_error();
    if (SSL_write_ex(link_->ssl(), record.data(), record.size(), &written) != 1) {
      FailWriting(StreamError(*link_));
      return taken;
    }
    taken += written;
  }
  return taken;
}

void TlsTransport::FailWriting(absl::Status why) {
  failure_ = std::move(why);
  blocked_ = false;
  if (reading_ && gone_ == nullptr) link_->loop()->MakeReady(this);
}

void TlsTransport::OnDrained() {
  blocked_ = false;
  if (user_ != nullptr) user_->OnWritable();
}

void TlsTransport::CloseWriting() {
  if (std::exchange(writing_closed_, true)) return;
  link_->CloseWriting();
}

}  // namespace

std::unique_ptr<Transport> NewTlsTransport(std::unique_ptr<TlsLink> link,
                                           std::shared_ptr<const Peer> peer) {
  return std::make_unique<TlsTransport>(std::move(link), std::move(peer));
}

}  // namespace rpc::net
