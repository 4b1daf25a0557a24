#include "tests/support/certificates.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace rpc {
namespace {

using net::Bio;
using net::Certificate;
using net::PrivateKey;

void Must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot make a certificate for a test");
}

PrivateKey NewKey() {
  PrivateKey key(EVP_EC_gen("P-256"));
  Must(key != nullptr);
  return key;
}

std::string Contents(const Bio& bio) {
  const char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

void SetSerial(X509* certificate) {
  uint32_t number = 0;
  Must(RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof(number)) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number + uint64_t{1});
}

void AddText(X509_NAME* name, const char* field, const std::string& text) {
  Must(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(text.data()),
                                  static_cast<int>(text.size()), -1, 0) == 1);
}

void AddExtension(X509* certificate, X509* issuer, int kind, const std::string& text) {
  X509V3_CTX context = {};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, text.c_str());
  Must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void Fill(X509* certificate, X509* issuer, const CertificateContents& contents) {
  X509_set_version(certificate, X509_VERSION_3);
  SetSerial(certificate);
  X509_gmtime_adj(X509_getm_notBefore(certificate), contents.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), contents.valid_to_s);
  AddText(X509_get_subject_name(certificate), "O", "Example");
  AddText(X509_get_subject_name(certificate), "CN", contents.common_name);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  AddExtension(certificate, issuer, NID_basic_constraints,
               contents.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  AddExtension(certificate, issuer, NID_subject_key_identifier, "hash");
  if (!contents.names.empty()) {
    AddExtension(certificate, issuer, NID_subject_alt_name, contents.names);
  }
}

}  // namespace

TestCertificate TestCertificate::Make(const CertificateContents& contents, const Pair* issuer) {
  net::InitOpenssl();
  auto made = std::make_shared<Pair>();
  made->certificate.reset(X509_new());
  made->key = NewKey();
  if (issuer == nullptr) issuer = made.get();
  X509_set_pubkey(made->certificate.get(), made->key.get());
  Fill(made->certificate.get(), issuer->certificate.get(), contents);
  Must(X509_sign(made->certificate.get(), issuer->key.get(), EVP_sha256()) > 0);
  return TestCertificate(std::move(made));
}

TestCertificate TestCertificate::SelfSigned(const CertificateContents& contents) {
  return Make(contents, nullptr);
}

TestCertificate TestCertificate::Issue(const CertificateContents& contents) const {
  return Make(contents, pair_.get());
}

std::string TestCertificate::pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509(bio.get(), pair_->certificate.get()) == 1);
  return Contents(bio);
}

std::string TestCertificate::der() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  Must(i2d_X509_bio(bio.get(), pair_->certificate.get()) == 1);
  return Contents(bio);
}

std::string TestCertificate::key_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_PrivateKey(bio.get(), pair_->key.get(), nullptr, nullptr, 0, nullptr,
                                nullptr) == 1);
  return Contents(bio);
}

std::string TestCertificate::encrypted_key_pem(std::string_view passphrase) const {
  const Bio bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_PKCS8PrivateKey(bio.get(), pair_->key.get(), EVP_aes_128_cbc(),
                                     passphrase.data(), static_cast<int>(passphrase.size()),
                                     nullptr, nullptr) == 1);
  return Contents(bio);
}

// Not in the folder that tests are given: a socket's path has at most 107 bytes.
TemporaryFolder::TemporaryFolder() : path_("/tmp/uvrpc-test-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder for a test");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::Write(const std::string& name, std::string_view bytes) const {
  std::ofstream(PathOf(name), std::ios::binary) << bytes;
  return PathOf(name);
}

}  // namespace rpc
