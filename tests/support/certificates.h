// Certificates and keys for tests, made when they are needed, and the files that hold them.
//
//     const TestCertificate ca = TestCertificate::SelfSigned({.common_name = "ca", .is_ca = true});
//     const TestCertificate server = ca.Issue({.common_name = "a", .names = "DNS:a"});
//     TemporaryFolder folder;
//     options.certificate_file = folder.Write("server.pem", server.pem());
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "rpc/net/tls_openssl.h"

namespace rpc {

struct CertificateContents {
  std::string common_name = "localhost";
  // As OpenSSL's configuration writes them: `DNS:a,IP:127.0.0.1,URI:spiffe://a/b`. Empty: none.
  std::string names = {};
  bool is_ca = false;
  // From now.
  int64_t valid_from_s = -3600;
  int64_t valid_to_s = 24 * 3600;
};

// With its key, which is on the curve P-256. Copies are one.
class TestCertificate {
 public:
  static TestCertificate SelfSigned(const CertificateContents& contents);
  // Signed by this one.
  TestCertificate Issue(const CertificateContents& contents) const;

  std::string pem() const;
  std::string der() const;
  std::string key_pem() const;
  std::string encrypted_key_pem(std::string_view passphrase) const;

 private:
  struct Pair {
    net::Certificate certificate;
    net::PrivateKey key;
  };

  explicit TestCertificate(std::shared_ptr<const Pair> pair) : pair_(std::move(pair)) {}
  static TestCertificate Make(const CertificateContents& contents, const Pair* issuer);

  std::shared_ptr<const Pair> pair_;
};

// Removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }
  // Returns the path.
  std::string Write(const std::string& name, std::string_view bytes) const;

 private:
  std::string path_;
};

}  // namespace rpc
