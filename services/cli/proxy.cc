#include "services/cli/proxy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/net/socket.h"
#include "rpc/net/socket_transport.h"

namespace cli {
namespace {

namespace net = rpc::net;

constexpr net::TimeUs kConnectTimeoutUs = 10'000'000;

}  // namespace

// A client's connection, and that to the server which goes with it.
class Proxy::Link {
 public:
  Link(Proxy* proxy, uint32_t number) : proxy_(proxy), number_(number) {}

  void Start(std::unique_ptr<net::Transport> client) {
    proxy_->watcher_->OnOpened(number_, client->peer()->address);
    client_.transport = std::move(client);
    const net::ConnectOptions options = {.tls = proxy_->options_.tls};
    connector_ = std::make_unique<net::Connector>(
        proxy_->loop_, proxy_->options_.to, options, proxy_->loop_->now_us() + kConnectTimeoutUs,
        [this](absl::StatusOr<std::unique_ptr<net::Transport>> server) {
          OnConnected(std::move(server));
        });
  }

 private:
  // One end, and what has come from it and is still to be passed on.
  struct Side final : net::Transport::User {
    Side(Link* link, Direction direction) : link(link), direction(direction) {}

    std::span<char> Space() override {
      if (end == buffer.size()) buffer.resize(end + kBufferSize);
      return std::span(buffer).subspan(end);
    }
    void OnInput(size_t size) override { link->OnInput(this, size); }
    void OnInputEnd(const absl::Status& why) override { link->OnInputEnd(this, why); }
    void OnWritable() override { link->OnWritable(this); }

    size_t pending() const { return end - begin; }

    Link* const link;
    const Direction direction;  // of what comes from here
    std::unique_ptr<net::Transport> transport;
    std::vector<char> buffer;
    size_t begin = 0;
    size_t end = 0;
    bool ended = false;   // nothing more comes from it
    bool passed = false;  // and the other one was told
  };

  Side* Other(const Side* side) { return side == &client_ ? &server_ : &client_; }

  void OnConnected(absl::StatusOr<std::unique_ptr<net::Transport>> server) {
    connector_ = nullptr;
    if (!server.ok()) return Close(server.status());
    server_.transport = *std::move(server);
    server_.transport->Start(&server_);
    client_.transport->Start(&client_);
  }

  void OnInput(Side* side, size_t size) {
    proxy_->watcher_->OnBytes(number_, side->direction, {side->buffer.data() + side->end, size});
    side->end += size;
    PassOn(side);
  }

  void OnInputEnd(Side* side, const absl::Status& why) {
    side->ended = true;
    if (failure_.ok()) failure_ = why;
    proxy_->watcher_->OnEnded(number_, side->direction);
    PassOn(side);
  }

  void OnWritable(Side* side) { PassOn(Other(side)); }

  // Everything that can go now. May end the link.
  void PassOn(Side* side) {
    Side* const other = Other(side);
    if (side->pending() > 0) {
      const rpc::wire::Piece piece = {{side->buffer.data() + side->begin, side->pending()}, {}};
      side->begin += other->transport->Write({&piece, 1});
    }
    const bool all = side->pending() == 0;
    if (all) side->begin = side->end = 0;
    if (!side->ended) side->transport->SetReading(all);
    if (all && side->ended && !std::exchange(side->passed, true)) other->transport->CloseWriting();
    CloseWhenDone();
  }

  // A side that has failed takes nothing any more, so what the other sends is of no use.
  void CloseWhenDone() {
    for (Side* side : {&client_, &server_}) {
      const absl::Status failure = side->transport->failure();
      if (!failure.ok() && failure_.ok()) failure_ = failure;
    }
    const bool both = client_.passed && server_.passed;
    const bool failed = !failure_.ok() && (client_.passed || server_.passed);
    const bool flushed = client_.transport->flushed() && server_.transport->flushed();
    if ((both || failed) && (flushed || failed)) Close(failure_);
  }

  // Destroys it.
  void Close(const absl::Status& why) {
    proxy_->watcher_->OnClosed(number_, why);
    Proxy* const proxy = proxy_;
    const auto place = std::ranges::find(proxy->links_, this, &std::unique_ptr<Link>::get);
    proxy->links_.erase(place);
  }

  Proxy* const proxy_;
  const uint32_t number_;
  Side client_{this, Direction::kToServer};
  Side server_{this, Direction::kToClient};
  std::unique_ptr<net::Connector> connector_;
  absl::Status failure_;
};

Proxy::Proxy(net::Loop* loop, ProxyOptions options, ProxyWatcher* watcher)
    : loop_(loop), options_(std::move(options)), watcher_(watcher) {
  if (options_.listen_tls.has_value()) {
    gate_.emplace(loop, *options_.listen_tls, net::Gate::Rules(),
                  static_cast<net::Gate::User*>(this));
  }
}

Proxy::~Proxy() = default;

absl::Status Proxy::Listen(const net::Address& address) {
  absl::StatusOr<std::vector<net::Listening>> opened = net::Listen(address, 1);
  if (!opened.ok()) return opened.status();
  for (net::Listening& listening : *opened) {
    addresses_.push_back(listening.address);
    listeners_.push_back(std::make_unique<net::Listener>(
        loop_, std::move(listening.sockets.front()), [this](net::Descriptor socket) {
          if (gate_.has_value()) return gate_->Enter(std::move(socket));
          Accept(net::NewSocketTransport(loop_, std::move(socket)));
        }));
  }
  return absl::OkStatus();
}

void Proxy::OnSecure(std::unique_ptr<net::Transport> transport) { Accept(std::move(transport)); }

void Proxy::OnPlain(std::unique_ptr<net::Transport> transport, std::string_view) {
  watcher_->OnRefused(absl::PermissionDeniedError(
      absl::StrCat(transport->peer()->address, " speaks no TLS, and this address takes TLS only")));
}

void Proxy::OnTurnedAway(const absl::Status& why) { watcher_->OnRefused(why); }

void Proxy::Accept(std::unique_ptr<net::Transport> transport) {
  if (links_.size() >= options_.connections_max) {
    return watcher_->OnRefused(absl::ResourceExhaustedError(
        absl::StrCat("there are ", options_.connections_max, " connections, which is the limit")));
  }
  links_.push_back(std::make_unique<Link>(this, ++connections_));
  links_.back()->Start(std::move(transport));
}

}  // namespace cli
