#include "rpc/net/tls_context.h"

#include <openssl/err.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rpc/net/tls_certificate.h"
#include "rpc/net/tls_files.h"

namespace rpc::net {
namespace {

// Of TLS 1.2: those with forward secrecy and authenticated encryption. TLS 1.3 has no others.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

// Sessions are resumed only by servers of the same name.
constexpr unsigned char kSessionScope[] = "uvrpc";

absl::Status Bad(const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("TLS options: ", what));
}

SslContext NewContext(TlsSide side) {
  const bool server = side == TlsSide::kServer;
  SslContext context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* const ssl = context.get();
  SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(ssl, kCiphers);
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // An idle connection holds no buffers then, which have 34 KiB.
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_id_context(ssl, kSessionScope, sizeof(kSessionScope) - 1);
  SSL_CTX_set_session_cache_mode(
      ssl, server ? SSL_SESS_CACHE_OFF : SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  return context;
}

absl::Status Unusable(const TlsFile& file) {
  return absl::InvalidArgumentError(
      absl::StrCat(file.option, " ", file.path, " cannot be used: ", OpensslReason()));
}

absl::Status UseKey(TlsContext* context, const TlsFile& file, X509* certificate,
                    const TlsFile& certificate_file) {
  const absl::StatusOr<PrivateKey> key = ReadPrivateKey(file);
  if (!key.ok()) return key.status();
  ERR_clear_error();
  if (X509_check_private_key(certificate, key->get()) != 1) {
    ERR_clear_error();
    return absl::FailedPreconditionError(absl::StrCat(
        "the key in ", file.option, " ", file.path, " does not belong to the first certificate in ",
        certificate_file.option, " ", certificate_file.path, " (", SubjectOf(certificate), ")"));
  }
  if (SSL_CTX_use_PrivateKey(context->ssl.get(), key->get()) != 1) return Unusable(file);
  return absl::OkStatus();
}

absl::Status UseCertificate(TlsContext* context, const TlsOptions& options) {
  const TlsFile file = {"certificate_file", options.certificate_file};
  const absl::StatusOr<std::vector<Certificate>> chain = ReadCertificates(file);
  if (!chain.ok()) return chain.status();
  X509* const own = chain->front().get();
  ERR_clear_error();
  if (SSL_CTX_use_certificate(context->ssl.get(), own) != 1) return Unusable(file);
  for (size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context->ssl.get(), (*chain)[i].get()) != 1) return Unusable(file);
  }
  const absl::Status used = UseKey(context, {"key_file", options.key_file}, own, file);
  if (!used.ok()) return used;
  context->has_certificate = true;
  return CheckValidToday(file, *chain);
}

// That one of them is valid is enough: bundles keep old ones for a while.
absl::Status CheckOneValidToday(const TlsFile& file, const std::vector<Certificate>& cas) {
  for (const Certificate& ca : cas) {
    if (WhyNotToday(ca.get()).empty()) return absl::OkStatus();
  }
  return CheckValidToday(file, cas);
}

absl::Status TrustFile(TlsContext* context, const TlsFile& file) {
  const absl::StatusOr<std::vector<Certificate>> cas = ReadCertificates(file);
  if (!cas.ok()) return cas.status();
  X509_STORE* const store = SSL_CTX_get_cert_store(context->ssl.get());
  // Whom the file names is trusted, also where another CA stands above.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  for (const Certificate& ca : *cas) {
    if (X509_STORE_add_cert(store, ca.get()) != 1) return Unusable(file);
    // So that a client with several certificates knows which one is asked for.
    if (context->side == TlsSide::kServer) SSL_CTX_add_client_CA(context->ssl.get(), ca.get());
  }
  context->trusted = absl::StrCat("the CAs in ", file.path);
  return CheckOneValidToday(file, *cas);
}

absl::Status Trust(TlsContext* context, const TlsOptions& options) {
  if (!options.ca_file.empty()) return TrustFile(context, {"ca_file", options.ca_file});
  context->trusted = "the CAs that this system trusts";
  if (context->side == TlsSide::kServer) return absl::OkStatus();
  if (SSL_CTX_set_default_verify_paths(context->ssl.get()) == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the CAs that this system trusts cannot be read: ", OpensslReason()));
}

int VerifyMode(TlsSide side, const TlsOptions& options) {
  if (side == TlsSide::kClient) return SSL_VERIFY_PEER;
  if (options.ca_file.empty()) return SSL_VERIFY_NONE;
  if (options.client_certificate_optional) return SSL_VERIFY_PEER;
  return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

absl::Status CheckServerOptions(const TlsOptions& options) {
  if (options.certificate_file.empty()) return Bad("a server needs certificate_file and key_file");
  if (!options.server_name.empty()) return Bad("server_name is for clients");
  if (options.client_certificate_optional && options.ca_file.empty()) {
    return Bad("client_certificate_optional says nothing without ca_file");
  }
  return absl::OkStatus();
}

absl::Status CheckClientOptions(const TlsOptions& options) {
  if (options.client_certificate_optional) {
    return Bad("client_certificate_optional is for servers");
  }
  if (options.server_name.starts_with('.') || options.server_name.find('*') != std::string::npos) {
    return Bad(absl::StrCat("server_name is a name or an IP address, not ", options.server_name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTlsOptions(TlsSide side, const TlsOptions& options) {
  const absl::Status checked =
      side == TlsSide::kServer ? CheckServerOptions(options) : CheckClientOptions(options);
  if (!checked.ok()) return checked;
  if (options.certificate_file.empty() == options.key_file.empty()) return absl::OkStatus();
  return options.key_file.empty()
             ? Bad(absl::StrCat("certificate_file ", options.certificate_file, " needs a key_file"))
             : Bad(absl::StrCat("key_file ", options.key_file, " needs a certificate_file"));
}

absl::StatusOr<std::shared_ptr<TlsContext>> ReadTlsContext(TlsSide side,
                                                           const TlsOptions& options) {
  auto context = std::make_shared<TlsContext>();
  context->side = side;
  context->ssl = NewContext(side);
  if (context->ssl == nullptr) return absl::InternalError(OpensslReason());
  if (!options.certificate_file.empty()) {
    const absl::Status used = UseCertificate(context.get(), options);
    if (!used.ok()) return used;
  }
  const absl::Status trusts = Trust(context.get(), options);
  if (!trusts.ok()) return trusts;
  SSL_CTX_set_verify(context->ssl.get(), VerifyMode(side, options), nullptr);
  return context;
}

}  // namespace rpc::net
