#include "rpc/net/tls_link.h"

#include <openssl/err.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

#include "rpc/net/tls_error.h"

namespace rpc::net {
namespace {

constexpr size_t kInputSize = 64 << 10;
// What a sentence shows of what is no TLS.
constexpr size_t kFirstBytesMax = 15;
// Handshake messages without data between them: tickets and changes of keys come in ones and twos.
constexpr uint32_t kMessagesMax = 32;
constexpr uint64_t kDataPerMessage = 64 << 10;
// A user writes 64 KiB at most; the rest are answers to handshake messages, which nobody reads.
constexpr size_t kWaitingMax = 128 << 10;

// Links that are closed, and wait for their peers to read: nobody else counts them. Of the whole
// program, since a loop may go from thread to thread.
constexpr size_t kLingeringMax = 256;
std::atomic<size_t> lingering_links = 0;

constexpr TimeUs kLingerUs = session::kSecondUs;
constexpr TimeUs kLastOutputUs = 10 * session::kSecondUs;

// Empty between two calls of SSL's, so that all links of a thread share it.
std::string& MadeOutput() {
  thread_local std::string made;
  return made;
}

// Assigning an empty string would keep the memory.
void Free(std::string* text) { std::string().swap(*text); }

char* InputBuffer() {
  thread_local const std::unique_ptr<char[]> buffer(new char[kInputSize]);
  return buffer.get();
}

}  // namespace

TlsLink::TlsLink(Loop* loop, std::shared_ptr<TlsContext> context, std::unique_ptr<Transport> below,
                 User* user)
    : loop_(loop),
      context_(std::move(context)),
      below_(std::move(below)),
      user_(user),
      ssl_(SSL_new(context_->ssl.get())) {
  BIO* const bio = BIO_new(BioMethod());
  if (ssl_ == nullptr || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  below_->Start(this);
}

TlsLink::~TlsLink() {
  if (user_ == nullptr) --lingering_links;
  if (gone_ != nullptr) *gone_ = true;
}

const BIO_METHOD* TlsLink::BioMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
    if (made == nullptr) throw std::bad_alloc();
    BIO_meth_set_read_ex(made, ReadBio);
    BIO_meth_set_write_ex(made, WriteBio);
    BIO_meth_set_ctrl(made, ControlBio);
    return made;
  }();
  return method;
}

int TlsLink::ReadBio(BIO* bio, char* bytes, size_t size, size_t* taken) {
  auto* const link = static_cast<TlsLink*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *taken = std::min(size, link->input_.size());
  if (*taken == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(bytes, link->input_.data(), *taken);
  link->input_.remove_prefix(*taken);
  return 1;
}

int TlsLink::WriteBio(BIO* bio, const char* bytes, size_t size, size_t* taken) {
  BIO_clear_retry_flags(bio);
  MadeOutput().append(bytes, size);
  *taken = size;
  return 1;
}

long TlsLink::ControlBio(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

void TlsLink::SetCallbacks(SSL_CTX* context) {
  SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), OnVerify);
  SSL_CTX_set_msg_callback(context, OnMessage);
  SSL_CTX_sess_set_new_cb(context, OnSession);
}

int TlsLink::OnVerify(int ok, X509_STORE_CTX* verifying) {
  if (ok == 1) return 1;
  const auto* const ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verifying, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsLink* const link = Of(ssl);
  if (link->distrust_.empty()) {
    link->distrust_ = DistrustSentence(verifying, *link->context_, link->verified_name_);
  }
  return 0;
}

// Returns whether the session is ours now.
int TlsLink::OnSession(SSL* ssl, SSL_SESSION* session) {
  TlsLink* const link = Of(ssl);
  if (link->session_name_.empty()) return 0;
  link->context_->sessions.Put(link->session_name_, SslSession(session));
  return 1;
}

void TlsLink::OnMessage(int sent, int, int type, const void* bytes, size_t size, SSL* ssl, void*) {
  if (sent == 1 || type != SSL3_RT_HANDSHAKE || size == 0) return;
  TlsLink* const link = Of(ssl);
  ++link->messages_;
  link->has_spare_buffers_ = true;
  if (*static_cast<const unsigned char*>(bytes) == SSL3_MT_CERTIFICATE_REQUEST) {
    link->asked_for_certificate_ = true;
  }
}

bool TlsLink::flooded() const {
  return messages_ > kMessagesMax + data_size_ / kDataPerMessage || waiting_.size() > kWaitingMax;
}

void TlsLink::FreeBuffers() {
  if (has_spare_buffers_ && SSL_free_buffers(ssl()) == 1) has_spare_buffers_ = false;
}

std::span<char> TlsLink::Space() { return {InputBuffer(), kInputSize}; }

void TlsLink::OnInput(size_t size) {
  if (user_ == nullptr) return;
  Feed({InputBuffer(), size});
  Pump();
}

void TlsLink::Feed(std::string_view bytes) {
  if (first_bytes_.size() < kFirstBytesMax) {
    first_bytes_.append(bytes.substr(0, kFirstBytesMax - first_bytes_.size()));
  }
  if (held_.empty()) {
    input_ = bytes;
    input_is_fresh_ = true;
    return;
  }
  held_.erase(0, held_.size() - input_.size());
  held_.append(bytes);
  input_ = held_;
}

void TlsLink::Pump() {
  bool gone = false;
  gone_ = &gone;
  user_->OnInput();
  if (gone) return;
  gone_ = nullptr;
  KeepInput();
}

void TlsLink::KeepInput() {
  if (!input_.empty() && !input_is_fresh_) return;
  std::string(input_).swap(held_);
  input_ = held_;
  input_is_fresh_ = false;
}

void TlsLink::OnInputEnd(const absl::Status& why) {
  input_ended_ = true;
  why_ = why;
  if (user_ == nullptr) {
    if (waiting_.empty() || !why.ok()) delete this;
    return;
  }
  Pump();
}

void TlsLink::SetReading(bool on) {
  if (!input_ended_) below_->SetReading(on);
}

void TlsLink::Flush() {
  std::string& made = MadeOutput();
  if (made.empty()) return;
  size_t taken = 0;
  if (waiting_.empty()) {
    const wire::Piece piece = {.bytes = made, .owner = nullptr};
    taken = below_->Write({&piece, 1});
  }
  waiting_.append(made, taken);
  made.clear();
}

void TlsLink::OnWritable() {
  const wire::Piece piece = {.bytes = waiting_, .owner = nullptr};
  waiting_.erase(0, below_->Write({&piece, 1}));
  if (!waiting_.empty()) return;
  Free(&waiting_);
  if (closes_writing_) below_->CloseWriting();
  if (user_ != nullptr) return user_->OnDrained();
  Linger();
}

void TlsLink::CloseWriting() {
  if (SSL_is_init_finished(ssl())) {
    ERR_clear_error();
    SSL_shutdown(ssl());
    Flush();
  }
  closes_writing_ = true;
  if (waiting_.empty()) below_->CloseWriting();
}

void TlsLink::Close(std::unique_ptr<TlsLink> link, bool linger) {
  if (!link->closes_writing_) link->CloseWriting();
  const bool failed = link->input_ended() && !link->why().ok();
  if (failed || (!link->waiting() && (!linger || link->input_ended()))) return;
  if (lingering_links >= kLingeringMax) return;
  TlsLink* const closed = link.release();
  ++lingering_links;
  closed->user_ = nullptr;
  closed->input_ = {};
  Free(&closed->held_);
  // What is encrypted already needs it no more, and it is large.
  closed->ssl_ = nullptr;
  closed->loop_->AddUser(closed);
  closed->SetReading(true);
  closed->Linger();
}

void TlsLink::Linger() {
  if (!waiting() && input_ended_) return delete this;
  loop_->SetTimer(this, loop_->now_us() + (waiting() ? kLastOutputUs : kLingerUs));
}

}  // namespace rpc::net
