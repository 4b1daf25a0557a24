#include "tests/net/tls_fixture.h"

#include <sys/socket.h>

#include <utility>

#include "rpc/net/local_transport.h"
#include "rpc/net/socket_transport.h"

namespace rpc::net {

void TlsFixture::Connect(const Tls& client, const Tls& server, const std::string& host) {
  ConnectOver(client, server, NewLocalTransports(loop(), loop()), host);
}

void TlsFixture::ConnectOverSockets() {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
  ConnectOver(ClientTls(), ServerTls(),
              {NewSocketTransport(loop(), Descriptor(pair[0])),
               NewSocketTransport(loop(), Descriptor(pair[1]))},
              "localhost");
}

void TlsFixture::ConnectOver(const Tls& client, const Tls& server, TransportPair below,
                             const std::string& host) {
  TlsPair pair(loop(), client, server, std::move(below), host);
  TurnUntil([&] { return pair.done(); });
  client_status_ = pair.client().status();
  server_status_ = pair.server().status();
  if (client_status_.ok()) near_.Adopt(*std::move(pair.client()));
  if (server_status_.ok()) far_.Adopt(*std::move(pair.server()));
}

void TlsFixture::Disconnect() {
  near_.Send("bye");
  far_.Send("bye");
  const size_t near_size = near_.input().size();
  const size_t far_size = far_.input().size();
  TurnUntil([&] { return near_.input().size() > near_size && far_.input().size() > far_size; });
  near_.Destroy();
  far_.Destroy();
}

SslContext BareTls::NewClientContext() { return SslContext(SSL_CTX_new(TLS_client_method())); }

SslContext BareTls::NewServerContext(const TlsOptions& options) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_file.c_str());
  SSL_CTX_use_PrivateKey_file(context.get(), options.key_file.c_str(), SSL_FILETYPE_PEM);
  return context;
}

BareTls::BareTls(SslContext context, bool server, std::unique_ptr<Transport> below)
    : context_(std::move(context)), ssl_(SSL_new(context_.get())) {
  BIO* const input = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(input, -1);
  SSL_set_bio(ssl(), input, BIO_new(BIO_s_mem()));
  if (server) {
    SSL_set_accept_state(ssl());
  } else {
    SSL_set_connect_state(ssl());
  }
  end_.Adopt(std::move(below));
}

std::string BareTls::TakeOutput() {
  BIO* const output = SSL_get_wbio(ssl());
  std::string bytes(BIO_ctrl_pending(output), '\0');
  if (!bytes.empty()) BIO_read(output, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void BareTls::Move() {
  const std::string bytes = TakeOutput();
  if (end_ && !bytes.empty()) end_.Send(bytes);
  const std::string_view fresh = std::string_view(end_.input()).substr(fed_);
  if (fresh.empty()) return;
  BIO_write(SSL_get_rbio(ssl()), fresh.data(), static_cast<int>(fresh.size()));
  fed_ += fresh.size();
}

bool BareTls::Handshake() {
  Move();
  const bool done = SSL_do_handshake(ssl()) == 1;
  Move();
  return done;
}

void BareTls::Write(std::string_view bytes) {
  SSL_write(ssl(), bytes.data(), static_cast<int>(bytes.size()));
  Move();
}

std::string BareTls::Read() {
  Move();
  std::string bytes(64 << 10, '\0');
  const int size = SSL_read(ssl(), bytes.data(), static_cast<int>(bytes.size()));
  bytes.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return bytes;
}

}  // namespace rpc::net
