#include "rpc/net/tls_handshake.h"

#include <openssl/err.h>

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/net/tls_certificate.h"
#include "rpc/net/tls_core.h"
#include "rpc/net/tls_error.h"
#include "rpc/net/tls_link.h"
#include "rpc/net/tls_transport.h"

namespace rpc::net {
namespace {

// The first byte of a record of TLS.
constexpr char kAlertRecord = 21;
constexpr char kHandshakeRecord = 22;
// The second: the version's first half, which is the same for all.
constexpr char kVersion = 3;

class Handshake final : public TlsHandshake, private TlsLink::User, private Ready {
 public:
  Handshake(Loop* loop, const Tls& tls, std::unique_ptr<Transport> below, Done done);

  void Accept();
  void Connect(const std::string& host, const std::string& address);

 private:
  void Run() override {
    if (link_ != nullptr) link_->Pump();
  }
  void OnInput() override;
  void OnDrained() override {}

  absl::Status ExpectName(const std::string& name);
  void OfferSession(const std::string& server);
  void Succeed();
  void Fail(const absl::Status& why, bool peer_reads);

  std::shared_ptr<Tls::Core> core_;
  std::unique_ptr<TlsLink> link_;  // null when it is done
  std::string session_name_ = {};
  absl::Status cannot_begin_ = {};
  Done done_;
};

Handshake::Handshake(Loop* loop, const Tls& tls, std::unique_ptr<Transport> below, Done done)
    : core_(tls.core()),
      link_(new TlsLink(loop, core_->context(), std::move(below), this)),
      done_(std::move(done)) {
  // It begins later in this turn: `done` does not run within the function that makes it.
  loop->MakeReady(this);
}

void Handshake::Accept() {
  if (core_->side() == TlsSide::kServer) return SSL_set_accept_state(link_->ssl());
  cannot_begin_ = absl::InvalidArgumentError("a listener needs a Tls::Server, not a Tls::Client");
}

void Handshake::Connect(const std::string& host, const std::string& address) {
  if (core_->side() == TlsSide::kServer) {
    cannot_begin_ = absl::InvalidArgumentError("a channel needs a Tls::Client, not a Tls::Server");
    return;
  }
  SSL_set_connect_state(link_->ssl());
  const std::string& configured = core_->options().server_name;
  const std::string name = NameToVerify(configured.empty() ? host : configured);
  cannot_begin_ = ExpectName(name);
  if (cannot_begin_.ok()) OfferSession(absl::StrCat(address, " ", name));
}

absl::Status Handshake::ExpectName(const std::string& name) {
  link_->set_verified_name(name);
  X509_VERIFY_PARAM* const expected = SSL_get0_param(link_->ssl());
  // A leading dot would stand for every name below.
  bool possible = !name.empty() && name[0] != '.';
  if (IsIpAddress(name)) {
    possible = X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1;
  } else if (possible) {
    X509_VERIFY_PARAM_set_hostflags(
        expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    possible = X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size()) == 1 &&
               SSL_set_tlsext_host_name(link_->ssl(), name.c_str()) == 1;
  }
  if (possible) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "no TLS with ", TlsAddress(link_->below_peer()->address), ": ",
      name.empty() ? "it is not known what name the server's certificate must bear: set server_name"
                   : absl::StrCat("no certificate can bear the name ", name)));
}

void Handshake::OfferSession(const std::string& server) {
  session_name_ = server;
  link_->set_session_name(server);
  const SslSession session = link_->context().sessions.Take(server);
  if (session != nullptr) SSL_set_session(link_->ssl(), session.get());
}

bool BeginsLikeTls(std::string_view bytes) {
  if (bytes.size() > 1 && bytes[1] != kVersion) return false;
  return bytes.empty() || bytes[0] == kHandshakeRecord || bytes[0] == kAlertRecord;
}

void Handshake::OnInput() {
  if (!cannot_begin_.ok()) return Fail(absl::Status(cannot_begin_), false);
  if (!BeginsLikeTls(link_->first_bytes())) return Fail(NoTlsError(*link_), false);
  ERR_clear_error();
  const int done = SSL_do_handshake(link_->ssl());
  const int error = SSL_get_error(link_->ssl(), done);
  link_->Flush();
  if (done == 1) return Succeed();
  if (error == SSL_ERROR_WANT_READ && !link_->input_ended()) return;
  Fail(HandshakeError(*link_), true);
}

std::shared_ptr<const Peer> PeerOver(const TlsLink& link) {
  auto peer = std::make_shared<Peer>(*link.below_peer());
  peer->address = TlsAddress(peer->address);
  X509* const certificate = SSL_get0_peer_certificate(link.ssl());
  if (certificate != nullptr && SSL_get_verify_result(link.ssl()) == X509_V_OK) {
    peer->certificate = std::make_shared<PeerCertificate>(ReadCertificate(certificate));
  }
  return peer;
}

void Handshake::Succeed() {
  if (SSL_session_reused(link_->ssl()) == 1) core_->CountResumed();
  link_->OnHandshakeDone();
  std::shared_ptr<const Peer> peer = PeerOver(*link_);
  const Done done = std::move(done_);
  done(NewTlsTransport(std::move(link_), std::move(peer)));
}

void Handshake::Fail(const absl::Status& why, bool peer_reads) {
  if (!session_name_.empty()) link_->context().sessions.Forget(session_name_);
  TlsLink::Close(std::move(link_), peer_reads);
  const Done done = std::move(done_);
  done(why);
}

}  // namespace

std::unique_ptr<TlsHandshake> TlsAccept(Loop* loop, const Tls& tls,
                                        std::unique_ptr<Transport> below, TlsHandshake::Done done) {
  auto handshake = std::make_unique<Handshake>(loop, tls, std::move(below), std::move(done));
  handshake->Accept();
  return handshake;
}

std::unique_ptr<TlsHandshake> TlsConnect(Loop* loop, const Tls& tls, const std::string& host,
                                         const std::string& address,
                                         std::unique_ptr<Transport> below,
                                         TlsHandshake::Done done) {
  auto handshake = std::make_unique<Handshake>(loop, tls, std::move(below), std::move(done));
  handshake->Connect(host, address);
  return handshake;
}

}  // namespace rpc::net
