// Thrift's nonblocking server with one thread of IO, which handles the calls too.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/server/TNonblockingServer.h>
#include <thrift/transport/TNonblockingServerSocket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "tests/bench/measure/server_options.h"
#include "tests/bench/peers/sockets.h"
#include "tests/bench/peers/thrift/Bench.h"

namespace bench {
namespace {

namespace thrift = apache::thrift;

class Handler final : public over_thrift::BenchIf {
 public:
  void Echo(over_thrift::Blob& reply, const over_thrift::Blob& request) override {
    if (request.data.empty()) {
      reply.text = request.text;
    } else {
      reply.data = request.data;
    }
  }
  void Take(const over_thrift::Blob&) override {}
};

// Told when the server listens.
class Teller final : public thrift::server::TServerEventHandler {
 public:
  Teller(const Address& address, thrift::transport::TNonblockingServerSocket* socket)
      : address_(address), socket_(socket) {}

  void preServe() override {
    SayListening(address_.is_unix()
                     ? "unix://" + address_.path
                     : "tcp://" + address_.host + ":" + std::to_string(socket_->getListenPort()));
  }

 private:
  const Address address_;
  thrift::transport::TNonblockingServerSocket* const socket_;
};

using ServerSocket = thrift::transport::TNonblockingServerSocket;

std::shared_ptr<ServerSocket> SocketFor(const Address& address, const std::string& congestion) {
  const auto socket = address.is_unix()
                          ? std::make_shared<ServerSocket>(address.path)
                          : std::make_shared<ServerSocket>(address.host, address.port);
  socket->setAcceptBacklog(4096);
  if (!congestion.empty() && !address.is_unix()) {
    socket->setListenCallback([congestion](THRIFT_SOCKET fd) {
      if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion.data(),
                     static_cast<socklen_t>(congestion.size())) != 0) {
        GiveUp("cannot use the congestion control " + congestion);
      }
    });
  }
  return socket;
}

void Serve(const ServerOptions& options) {
  thrift::GlobalOutput.setOutputFunction([](const char*) {});
  const Address address = ReadAddress(options.listen);
  if (address.is_unix()) unlink(address.path.c_str());
  const std::shared_ptr<ServerSocket> socket = SocketFor(address, options.congestion);
  thrift::server::TNonblockingServer server(
      std::make_shared<over_thrift::BenchProcessor>(std::make_shared<Handler>()),
      std::make_shared<thrift::protocol::TBinaryProtocolFactory>(), socket);
  server.setNumIOThreads(1);
  server.setServerEventHandler(std::make_shared<Teller>(address, socket.get()));
  server.serve();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::ServerOptions options;
  if (const int code = bench::ReadServerOptions(argc, argv, "thrift", &options); code >= 0) {
    return code;
  }
  bench::Serve(options);
}
