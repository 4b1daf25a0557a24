#include "rpc/net/tls_certificate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <ctime>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rpc::net {
namespace {

std::string Bytes(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

std::string Utf8(const ASN1_STRING* text) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, text);
  if (size < 0) return "";
  std::string utf8(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return utf8;
}

std::string CommonNameOf(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (place < 0) return "";
  return Utf8(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
}

std::string Sha256Of(X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), digest, &size);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

GeneralNames AlternativeNamesOf(X509* certificate) {
  return GeneralNames(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
}

std::string IpText(const ASN1_OCTET_STRING* bytes) {
  const int size = ASN1_STRING_length(bytes);
  char text[INET6_ADDRSTRLEN] = "?";
  if (size == 4) inet_ntop(AF_INET, ASN1_STRING_get0_data(bytes), text, sizeof(text));
  if (size == 16) inet_ntop(AF_INET6, ASN1_STRING_get0_data(bytes), text, sizeof(text));
  return text;
}

std::string NameText(const GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DNS:
      return absl::StrCat("DNS:", absl::CHexEscape(Bytes(name->d.dNSName)));
    case GEN_URI:
      return absl::StrCat("URI:", absl::CHexEscape(Bytes(name->d.uniformResourceIdentifier)));
    case GEN_IPADD:
      return absl::StrCat("IP:", IpText(name->d.iPAddress));
    default:
      return "another kind of name";
  }
}

std::string TimeText(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
  char text[64];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

}  // namespace

PeerCertificate ReadCertificate(X509* certificate) {
  PeerCertificate read = {.common_name = CommonNameOf(certificate),
                          .subject = SubjectOf(certificate),
                          .sha256 = Sha256Of(certificate)};
  const GeneralNames names = AlternativeNamesOf(certificate);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) read.dns_names.push_back(Bytes(name->d.dNSName));
    if (name->type == GEN_URI) read.uris.push_back(Bytes(name->d.uniformResourceIdentifier));
  }
  return read;
}

std::string SubjectOf(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  // Not RFC 2253's escapes for UTF-8.
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(size)};
}

std::string NamesOf(X509* certificate) {
  const GeneralNames names = AlternativeNamesOf(certificate);
  std::vector<std::string> texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    texts.push_back(NameText(sk_GENERAL_NAME_value(names.get(), i)));
  }
  return texts.empty() ? "no name at all" : absl::StrJoin(texts, ", ");
}

std::string WhyNotToday(X509* certificate) {
  const ASN1_TIME* end = X509_get0_notAfter(certificate);
  const ASN1_TIME* start = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(end) < 0) return absl::StrCat("expired on ", TimeText(end));
  if (X509_cmp_current_time(start) > 0) {
    return absl::StrCat("is valid only from ", TimeText(start));
  }
  return "";
}

std::string NameToVerify(const std::string& host) {
  if (host.find(':') != std::string::npos) return host.substr(0, host.find('%'));
  return host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
}

bool IsIpAddress(const std::string& host) {
  in6_addr parsed;
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

}  // namespace rpc::net
