// What the files of a Tls may be, and what is said of those that will not do.
#include "rpc/net/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/net/tls_pair.h"
#include "tests/support/certificates.h"

namespace rpc::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class TlsTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, std::string_view bytes) {
    return folder_.Write(name, bytes);
  }

  // What a server with these says.
  absl::Status Server(const std::string& certificate, const std::string& key) {
    return Tls::Server({.certificate_file = certificate, .key_file = key}).status();
  }
  absl::Status ServerWithKey(const std::string& key_file) {
    return Server(files_.Server().certificate_file, key_file);
  }
  absl::Status ClientOf(const std::string& ca_file) {
    return Tls::Client({.ca_file = ca_file}).status();
  }
  absl::Status ServerOf(const TestCertificate& certificate) {
    return Server(Write("own.pem", certificate.pem()), Write("own.key", certificate.key_pem()));
  }

  static testing::Matcher<absl::Status> Says(absl::StatusCode code, const std::string& text) {
    return AllOf(testing::Property(&absl::Status::code, code),
                 testing::ResultOf([](const absl::Status& s) { return std::string(s.message()); },
                                   HasSubstr(text)));
  }

  static constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  static constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

  const TlsTestFiles& files_ = TlsTestFiles::Get();
  TemporaryFolder folder_;
};

TEST_F(TlsTest, GoodFilesAreTaken) {
  EXPECT_TRUE(Tls::Server(files_.Server()).ok());
  EXPECT_TRUE(Tls::Server(files_.MutualServer()).ok());
  EXPECT_TRUE(Tls::Client(files_.Client()).ok());
  EXPECT_TRUE(Tls::Client(files_.MutualClient()).ok());
  EXPECT_TRUE(Tls::Client().ok());
}

TEST_F(TlsTest, MissingFilesAreNamed) {
  const std::string path = folder_.PathOf("none.pem");
  const auto says = [&](const std::string& option) {
    return Says(absl::StatusCode::kNotFound,
                option + " " + path + " cannot be read: no such file or directory");
  };
  EXPECT_THAT(Server(path, files_.Server().key_file), says("certificate_file"));
  EXPECT_THAT(ServerWithKey(path), says("key_file"));
  EXPECT_THAT(ClientOf(path), says("ca_file"));
}

TEST_F(TlsTest, AFileThatMayNotBeReadIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string path = Write("secret.key", "secret");
  chmod(path.c_str(), 0);
  EXPECT_THAT(ServerWithKey(path),
              Says(absl::StatusCode::kPermissionDenied, path + " cannot be read: permission"));
}

TEST_F(TlsTest, WhatIsNoFileOrHasNothingInItIsNamed) {
  EXPECT_THAT(ClientOf(folder_.path()), Says(kInvalid, "is a directory, not a file"));
  EXPECT_THAT(ClientOf(Write("empty.pem", "")), Says(kInvalid, "empty.pem is empty"));
  EXPECT_THAT(ClientOf("/dev/null"), Says(kInvalid, "is not a regular file"));
  EXPECT_THAT(ClientOf(Write("text.pem", "some text\n")),
              Says(kInvalid, "text.pem has no PEM certificate in it"));
}

TEST_F(TlsTest, APipeThatNobodyWritesIsNotWaitedFor) {
  const std::string path = folder_.PathOf("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(ServerWithKey(path), Says(kInvalid, "is not a regular file"));
}

TEST_F(TlsTest, DerIsRecognised) {
  EXPECT_THAT(ClientOf(Write("ca.der", files_.ca().der())),
              Says(kInvalid, "ca.der is in DER form, and has to be PEM"));
  EXPECT_THAT(ServerWithKey(Write("key.der", files_.ca().der())),
              Says(kInvalid, "-----BEGIN PRIVATE KEY-----"));
}

TEST_F(TlsTest, FilesThatWereMixedUpAreRecognised) {
  EXPECT_THAT(ClientOf(files_.Server().key_file),
              Says(kInvalid, "has no PEM certificate in it, only PRIVATE KEY"));
  EXPECT_THAT(ServerWithKey(files_.Server().certificate_file),
              Says(kInvalid, "has no PEM key in it, only CERTIFICATE"));
}

TEST_F(TlsTest, ABrokenCertificateIsCounted) {
  const std::string good = files_.ca().pem();
  std::string broken = good;
  broken.replace(100, 5, "?????");
  EXPECT_THAT(ClientOf(Write("second.pem", good + broken)),
              Says(kInvalid, "certificate 2 of ca_file "));
  EXPECT_THAT(ClientOf(Write("cut.pem", good + good + good.substr(0, 200))),
              Says(kInvalid, "certificate 3 of ca_file "));
  std::string no_certificate = good;
  no_certificate.replace(no_certificate.find("MII"), 3, "AAA");
  EXPECT_THAT(ClientOf(Write("first.pem", no_certificate)),
              Says(kInvalid, "certificate 1 of ca_file "));
}

TEST_F(TlsTest, ABrokenKeyIsToldFromNone) {
  std::string key = files_.ca().key_pem();
  key.replace(60, 4, "????");
  EXPECT_THAT(ServerWithKey(Write("broken.key", key)), Says(kInvalid, "has a broken key in it"));
}

TEST_F(TlsTest, AnEncryptedKeyIsRefusedWithoutAsking) {
  const std::string key = files_.ca().encrypted_key_pem("secret");
  EXPECT_THAT(ServerWithKey(Write("encrypted.key", key)),
              Says(kInvalid, "encrypted.key is encrypted: nobody can be asked for its passphrase"));
}

TEST_F(TlsTest, AKeyBelongsToItsCertificate) {
  const std::string key = Write("other.key", files_.ca().key_pem());
  EXPECT_THAT(ServerWithKey(key),
              Says(kPrecondition, "the key in key_file " + key +
                                      " does not belong to the first certificate in "
                                      "certificate_file "));
}

TEST_F(TlsTest, CertificatesAreValidToday) {
  EXPECT_THAT(ServerOf(files_.ca().Issue({.valid_from_s = -7200, .valid_to_s = -3600})),
              Says(kPrecondition, "own.pem (CN=localhost,O=Example) expired on 20"));
  EXPECT_THAT(ServerOf(files_.ca().Issue({.valid_from_s = 3600, .valid_to_s = 7200})),
              Says(kPrecondition, "own.pem (CN=localhost,O=Example) is valid only from 20"));
  const TestCertificate old_ca =
      TestCertificate::SelfSigned({.is_ca = true, .valid_from_s = -7200, .valid_to_s = -3600});
  EXPECT_THAT(ClientOf(Write("old.pem", old_ca.pem())), Says(kPrecondition, "expired on 20"));
  EXPECT_TRUE(ClientOf(Write("both.pem", old_ca.pem() + files_.ca().pem())).ok());
}

TEST_F(TlsTest, OptionsThatDoNotBelongTogetherAreRefused) {
  EXPECT_THAT(Tls::Server({}).status(), Says(kInvalid, "needs certificate_file and key_file"));
  EXPECT_THAT(Server("a.pem", ""), Says(kInvalid, "certificate_file a.pem needs a key_file"));
  EXPECT_THAT(Tls::Client({.key_file = "a"}).status(), Says(kInvalid, "needs a certificate_file"));
  EXPECT_THAT(Tls::Client({.client_certificate_optional = true}).status(),
              Says(kInvalid, "client_certificate_optional is for servers"));
  EXPECT_THAT(Tls::Client({.server_name = ".example"}).status(), Says(kInvalid, "server_name"));
  TlsOptions options = files_.Server();
  options.client_certificate_optional = true;
  EXPECT_THAT(Tls::Server(options).status(), Says(kInvalid, "says nothing without ca_file"));
}

TEST_F(TlsTest, ReloadThatFailsSaysWhy) {
  TlsOptions options;
  options.certificate_file = Write("own.pem", files_.ca().pem());
  options.key_file = Write("own.key", files_.ca().key_pem());
  const absl::StatusOr<Tls> tls = Tls::Server(options);
  ASSERT_TRUE(tls.ok()) << tls.status();
  EXPECT_TRUE(tls->Reload().ok());
  Write("own.pem", "half of a new one");
  EXPECT_THAT(tls->Reload(), Says(kInvalid, "own.pem has no PEM certificate in it"));
}

}  // namespace
}  // namespace rpc::net
