// gRPC's server over its callback API, the fastest of the three that it has.
#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <thread>

#include "tests/bench/measure/answer.h"
#include "tests/bench/measure/payload.h"
#include "tests/bench/measure/server_options.h"
#include "tests/bench/peers/grpc/bench_grpc.grpc.pb.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

constexpr int kStreamsMax = 100'000;  // more than are ever in flight

class Source final : public grpc::ServerWriteReactor<Blob> {
 public:
  explicit Source(const ProduceRequest& request) : left_(request.count()) {
    blob_.set_text(Payload(request.size()));
    Next();
  }

 private:
  void OnWriteDone(bool ok) override { ok ? Next() : Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

  void Next() { left_-- == 0 ? Finish(grpc::Status::OK) : StartWrite(&blob_); }

  uint64_t left_;
  Blob blob_;
};

class Service final : public over_grpc::Bench::CallbackService {
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const Blob* request,
                                 Blob* reply) override {
    Answer(*request, reply);
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerWriteReactor<Blob>* Produce(grpc::CallbackServerContext*,
                                          const ProduceRequest* request) override {
    return new Source(*request);
  }
};

// Only so can its sockets be told a congestion control.
void AcceptFor(grpc::Server* server, int listener) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) GiveUp("cannot accept");
    SetNoDelay(fd);
    grpc::AddInsecureChannelFromFd(server, fd);
  }
}

std::string TargetOf(const Address& address) {
  return address.is_unix() ? "unix:" + address.path
                           : address.host + ":" + std::to_string(address.port);
}

void Serve(ServerOptions options) {
  const Address address = ReadAddress(options.listen);
  Service service;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(-1);
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsMax);
  builder.RegisterService(&service);
  const bool own_sockets = !options.congestion.empty();
  const int listener = own_sockets ? ListenOn(&options.listen, options.congestion) : -1;
  int port = 0;
  if (!own_sockets) {
    builder.AddListeningPort(TargetOf(address), grpc::InsecureServerCredentials(), &port);
  }
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) GiveUp("cannot serve on " + options.listen);
  if (!own_sockets && !address.is_unix()) {
    options.listen = "tcp://" + address.host + ":" + std::to_string(port);
  }
  SayListening(options.listen);
  own_sockets ? AcceptFor(server.get(), listener) : server->Wait();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::ServerOptions options;
  if (const int code = bench::ReadServerOptions(argc, argv, "grpc", &options); code >= 0) {
    return code;
  }
  bench::Serve(options);
}
