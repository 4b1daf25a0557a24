// TLS in both directions: the server shows a certificate, asks the client for one, and the handler
// knows who calls.
//
//     bazel run //examples:mutual_tls -- CERTIFICATE KEY CA     # needs no server: it has its own
//
// One certificate serves both sides here, and itself as the CA. To make one for a try, in one line:
//
//     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30
//       -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem
//     bazel run //examples:mutual_tls -- $PWD/cert.pem $PWD/key.pem $PWD/cert.pem
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/rpc.h"
#include "services/echo/echo.rpc.h"

namespace {

class Greeter final : public echo::Echo::Service {
 public:
  rpc::Task<> Say(rpc::ServerContext& context, const echo::SayRequest& request,
                  echo::SayReply& reply) override {
    // Only those get here whose certificate has been verified.
    reply.set_text(request.text() + ", " + context.peer().certificate->common_name);
    return absl::OkStatus();
  }
};

absl::Status Greet(const rpc::Channel& channel) {
  echo::SayRequest request;
  request.set_text("good morning");
  absl::StatusOr<echo::SayReply> reply = echo::Echo::Client(channel).Say(request).Wait();
  if (!reply.ok()) return reply.status();
  std::printf("%s\n", reply->text().c_str());
  return absl::OkStatus();
}

absl::Status Run(const rpc::TlsOptions& files) {
  absl::StatusOr<rpc::Tls> of_server = rpc::Tls::Server(files);
  if (!of_server.ok()) return of_server.status();
  rpc::Server server;
  server.Add(std::make_shared<Greeter>());
  if (absl::Status s = server.Listen("tls://localhost:0", {.tls = &*of_server}); !s.ok()) return s;
  if (absl::Status s = server.Start(); !s.ok()) return s;

  absl::StatusOr<rpc::Tls> of_client = rpc::Tls::Client(files);
  if (!of_client.ok()) return of_client.status();
  const std::string address = server.addresses().front();
  if (absl::Status s = Greet(rpc::Channel(address, {.tls = &*of_client})); !s.ok()) return s;

  absl::StatusOr<rpc::Tls> nobody = rpc::Tls::Client({.ca_file = files.ca_file});
  if (!nobody.ok()) return nobody.status();
  const absl::Status refused = Greet(rpc::Channel(address, {.tls = &*nobody}));
  std::printf("without a certificate: %s\n", refused.ToString().c_str());
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: mutual_tls CERTIFICATE KEY CA\n", stderr);
    return 1;
  }
  return rpc::Exit(Run({.certificate_file = argv[1], .key_file = argv[2], .ca_file = argv[3]}));
}
