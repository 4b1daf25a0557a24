#include "tests/net/tls_pair.h"

namespace rpc::net {

TlsTestFiles::TlsTestFiles()
    : ca_(TestCertificate::SelfSigned({.common_name = "Test CA", .is_ca = true})) {
  folder_.Write("ca.pem", ca_.pem());
  const TestCertificate server =
      ca_.Issue({.common_name = "server", .names = "DNS:localhost,IP:127.0.0.1,IP:::1"});
  const TestCertificate client =
      ca_.Issue({.common_name = "alice", .names = "URI:spiffe://example/alice,DNS:alice.example"});
  TlsOptions ignored;
  Show(server, "server", &ignored);
  Show(client, "client", &ignored);
}

const TlsTestFiles& TlsTestFiles::Get() {
  static const TlsTestFiles files;
  return files;
}

void TlsTestFiles::Show(const TestCertificate& certificate, const std::string& name,
                        TlsOptions* options) const {
  options->certificate_file = folder_.Write(name + ".pem", certificate.pem());
  options->key_file = folder_.Write(name + ".key", certificate.key_pem());
}

TlsOptions TlsTestFiles::Server() const {
  return {.certificate_file = folder_.PathOf("server.pem"),
          .key_file = folder_.PathOf("server.key")};
}

TlsOptions TlsTestFiles::MutualServer() const {
  TlsOptions options = Server();
  options.ca_file = folder_.PathOf("ca.pem");
  return options;
}

TlsOptions TlsTestFiles::Client() const { return {.ca_file = folder_.PathOf("ca.pem")}; }

TlsOptions TlsTestFiles::MutualClient() const {
  return {.certificate_file = folder_.PathOf("client.pem"),
          .key_file = folder_.PathOf("client.key"),
          .ca_file = folder_.PathOf("ca.pem")};
}

TlsPair::TlsPair(Loop* loop, const Tls& client, const Tls& server, TransportPair below,
                 const std::string& host, const std::string& address)
    : client_(absl::UnknownError("not done")), server_(absl::UnknownError("not done")) {
  accepting_ = TlsAccept(loop, server, std::move(below.second), [this](auto accepted) {
    server_ = std::move(accepted);
    server_done_ = true;
    accepting_.reset();
  });
  connecting_ =
      TlsConnect(loop, client, host, address, std::move(below.first), [this](auto connected) {
        client_ = std::move(connected);
        client_done_ = true;
        connecting_.reset();
      });
}

TransportPair TlsPair::Take() { return {*std::move(client_), *std::move(server_)}; }

}  // namespace rpc::net
