#include "rpc/net/tls_error.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "rpc/net/tls_certificate.h"
#include "rpc/net/tls_files.h"
#include "rpc/net/tls_link.h"

namespace rpc::net {
namespace {

constexpr char kNoCertificate[] = "the server asks for a client certificate and none is configured";
constexpr char kMaybePlain[] = "is it a plain tcp:// port?";

// The numbers of alerts, RFC 8446, section 6.
enum Alert {
  kHandshakeFailure = 40,
  kBadCertificate = 42,
  kCertificateUnknown = 46,
  kUnknownCa = 48,
  kAccessDenied = 49,
  kProtocolVersion = 70,
  kCertificateRequired = 116,
};

std::string PeerOf(const TlsContext& context) {
  return context.side == TlsSide::kClient ? "the server" : "the client";
}

std::string AddressOf(const TlsLink& link) { return TlsAddress(link.below_peer()->address); }

bool IsReason(unsigned long error, int reason) {
  return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == reason;
}

// The number of the alert that the peer has sent, which OpenSSL adds to SSL_AD_REASON_OFFSET; 0 for
// any other error.
int AlertOf(unsigned long error) {
  const int reason = ERR_GET_REASON(error);
  const bool is_alert = ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET &&
                        reason < SSL_AD_REASON_OFFSET + 256;
  return is_alert ? reason - SSL_AD_REASON_OFFSET : 0;
}

bool IsAboutCertificate(int alert) {
  return (alert >= kBadCertificate && alert <= kCertificateUnknown) || alert == kUnknownCa ||
         alert == kAccessDenied;
}

bool IsForLackOfCertificate(const TlsLink& link, int alert) {
  return link.lacks_certificate() &&
         (alert == kCertificateRequired || alert == kHandshakeFailure || IsAboutCertificate(alert));
}

std::string Refusal(const TlsLink& link, int alert) {
  const std::string peer = PeerOf(link.context());
  // OpenSSL has no words for this one.
  const char* const words =
      alert == kCertificateRequired ? "certificate required" : SSL_alert_desc_string_long(alert);
  const std::string said = absl::StrCat(" (TLS alert ", alert, ", ", words, ")");
  if (IsForLackOfCertificate(link, alert)) return absl::StrCat(kNoCertificate, said);
  if (alert == kProtocolVersion) {
    return absl::StrCat(peer, " speaks neither TLS 1.2 nor 1.3", said);
  }
  if (alert == kHandshakeFailure) {
    return absl::StrCat(peer, " has no way of encryption in common with us, or wants a certificate",
                        said);
  }
  if (IsAboutCertificate(alert)) {
    return absl::StrCat(peer, " does not accept our certificate", said);
  }
  return absl::StrCat(peer, " has given up", said);
}

// What our own side has found, where OpenSSL's words leave one in the dark.
std::string Finding(const TlsLink& link, unsigned long error) {
  const std::string peer = PeerOf(link.context());
  if (IsReason(error, SSL_R_UNSUPPORTED_PROTOCOL) ||
      IsReason(error, SSL_R_UNSUPPORTED_SSL_VERSION) || IsReason(error, SSL_R_VERSION_TOO_LOW)) {
    return absl::StrCat(peer, " speaks neither TLS 1.2 nor 1.3");
  }
  if (IsReason(error, SSL_R_NO_SHARED_CIPHER)) {
    return absl::StrCat(peer,
                        " has no way of encryption in common with us: we take those with "
                        "ECDHE and AES-GCM or ChaCha20-Poly1305");
  }
  if (IsReason(error, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)) {
    return absl::StrCat(peer, " has shown no certificate, and one is required");
  }
  return absl::StrCat(peer, " breaks TLS: ", OpensslReason());
}

bool IsCertificateMatter(const TlsLink& link, unsigned long error) {
  const int alert = AlertOf(error);
  return !link.distrust().empty() || IsReason(error, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) ||
         IsAboutCertificate(alert) || alert == kCertificateRequired ||
         IsForLackOfCertificate(link, alert);
}

std::string Reason(const TlsLink& link, unsigned long error) {
  if (!link.distrust().empty()) return link.distrust();
  const int alert = AlertOf(error);
  return alert != 0 ? Refusal(link, alert) : Finding(link, error);
}

// The connection below has ended, by itself.
std::string EarlyEnd(const TlsLink& link) {
  const bool client = link.context().side == TlsSide::kClient;
  const std::string end = link.why().ok()
                              ? absl::StrCat(PeerOf(link.context()), " closed the connection")
                              : std::string(link.why().message());
  const std::string hint = !client                      ? std::string()
                           : link.lacks_certificate()   ? absl::StrCat(": ", kNoCertificate)
                           : link.first_bytes().empty() ? absl::StrCat(": ", kMaybePlain)
                                                        : std::string();
  return absl::StrCat(end, " during the TLS handshake", hint);
}

std::string FirstBytesText(const TlsLink& link) {
  return absl::StrCat("\"", absl::CHexEscape(std::string(link.first_bytes())), "\"");
}

absl::Status Failed(const TlsLink& link, absl::StatusCode code, const std::string& reason) {
  return absl::Status(code, absl::StrCat("no TLS with ", AddressOf(link), ": ", reason));
}

std::string NotSignedBy(const TlsContext& context) {
  return absl::StrCat("unable to get its local issuer: none of ", context.trusted,
                      " has signed it, or a certificate between them is missing in the chain");
}

}  // namespace

std::string TlsAddress(const std::string& below) {
  return below.starts_with("tcp://") ? absl::StrCat("tls://", below.substr(6)) : below;
}

std::string DistrustSentence(X509_STORE_CTX* verifying, const TlsContext& context,
                             const std::string& verified_name) {
  X509* const certificate = X509_STORE_CTX_get_current_cert(verifying);
  const int error = X509_STORE_CTX_get_error(verifying);
  const int depth = X509_STORE_CTX_get_error_depth(verifying);
  const std::string whose = absl::StrCat(PeerOf(context), "'s certificate");
  if (certificate == nullptr) {
    return absl::StrCat(whose, ": ", X509_verify_cert_error_string(error));
  }
  const std::string which =
      absl::StrCat(" (", SubjectOf(certificate),
                   depth == 0 ? ")" : absl::StrCat(", at depth ", depth, " of its chain)"));
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return absl::StrCat(whose, " is for ", NamesOf(certificate), " and not for ", verified_name);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return absl::StrCat(whose, " has expired", which, ": it ", WhyNotToday(certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return absl::StrCat(whose, " is not yet valid", which, ": it ", WhyNotToday(certificate));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return absl::StrCat(whose, " comes from a self-signed certificate", which,
                          " that is not among ", context.trusted);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return absl::StrCat(whose, " is not trusted", which, ": ", NotSignedBy(context));
    default:
      return absl::StrCat(whose, " is not trusted", which, ": ",
                          X509_verify_cert_error_string(error));
  }
}

absl::Status HandshakeError(const TlsLink& link) {
  const unsigned long error = ERR_peek_last_error();
  if (error == 0) {
    return Failed(link,
                  link.lacks_certificate() ? absl::StatusCode::kUnauthenticated
                                           : absl::StatusCode::kUnavailable,
                  EarlyEnd(link));
  }
  return Failed(link,
                IsCertificateMatter(link, error) ? absl::StatusCode::kUnauthenticated
                                                 : absl::StatusCode::kUnavailable,
                Reason(link, error));
}

absl::Status NoTlsError(const TlsLink& link) {
  const bool client = link.context().side == TlsSide::kClient;
  return Failed(link, absl::StatusCode::kUnavailable,
                absl::StrCat("what came is no TLS: it begins with ", FirstBytesText(link),
                             client ? absl::StrCat("; ", kMaybePlain) : ""));
}

absl::Status StreamError(const TlsLink& link) {
  const unsigned long error = ERR_peek_last_error();
  const absl::StatusCode code = IsCertificateMatter(link, error)
                                    ? absl::StatusCode::kUnauthenticated
                                    : absl::StatusCode::kUnavailable;
  return absl::Status(
      code, absl::StrCat("TLS with ", AddressOf(link), " has failed: ", Reason(link, error)));
}

absl::Status CutOffError(const TlsLink& link) {
  const std::string hint = link.lacks_certificate() ? absl::StrCat("; ", kNoCertificate) : "";
  if (!link.why().ok()) {
    return absl::Status(link.why().code(), absl::StrCat(std::string(link.why().message()), hint));
  }
  return absl::UnavailableError(absl::StrCat("the connection with ", AddressOf(link),
                                             " was cut off without TLS close_notify", hint));
}

absl::Status FloodError(const TlsLink& link) {
  return absl::UnavailableError(absl::StrCat("TLS with ", AddressOf(link),
                                             " has failed: ", PeerOf(link.context()),
                                             " sends handshake messages without end"));
}

}  // namespace rpc::net
