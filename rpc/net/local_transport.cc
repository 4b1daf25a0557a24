#include "rpc/net/local_transport.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>

namespace rpc::net {
namespace {

constexpr size_t kHeldMax = 256 << 10;
// Reads of one turn: others want their turn too.
constexpr int kReadsMax = 4;

// What one end has written and the other has not read yet.
class Pipe {
 public:
  size_t size() const { return bytes_.size() - first_; }

  // Tells how many fitted.
  size_t Put(std::string_view bytes) {
    const size_t size = std::min(bytes.size(), kHeldMax - this->size());
    bytes_.append(bytes.substr(0, size));
    return size;
  }

  size_t Take(std::span<char> space) {
    const size_t size = std::min(space.size(), this->size());
    std::memcpy(space.data(), bytes_.data() + first_, size);
    first_ += size;
    // Moving what is left costs less than the bytes before it did.
    if (first_ >= this->size()) {
      bytes_.erase(0, first_);
      first_ = 0;
    }
    return size;
  }

  // Nobody reads any more.
  void Drop() {
    dropped = true;
    bytes_ = std::string();
    first_ = 0;
  }

  bool closed = false;        // nothing more is written
  bool dropped = false;       // nothing more is read
  bool writer_waits = false;  // for room

 private:
  std::string bytes_;
  size_t first_ = 0;  // of the bytes that have not been read
};

class LocalTransport;

// What both ends share. The mutex guards everything but the transports.
struct Link {
  struct End {
    LocalTransport* transport = nullptr;  // of its loop's thread; null when it is gone
    Loop* loop = nullptr;                 // null when the transport is gone
    bool woken = false;                   // OnWake is posted
    Pipe input = {};
  };

  std::mutex mutex;
  End ends[2];
};

class LocalTransport final : public Transport {
 public:
  LocalTransport(std::shared_ptr<Link> link, int side);
  ~LocalTransport() override;

  void Start(User* user) override;
  void SetReading(bool on) override;
  size_t Write(std::span<const wire::Piece> pieces) override;
  absl::Status failure() const override;
  void CloseWriting() override;

 private:
  Link::End& mine() const { return link_->ends[side_]; }
  Link::End& other() const { return link_->ends[1 - side_]; }

  // Has an end look at what has changed. REQUIRES: the mutex is held.
  void Wake(int side);
  void OnWake();
  void Read(const bool& gone);
  bool TakeRoom();
  size_t Take(std::span<char> space);
  void EndIfClosed();

  std::shared_ptr<Link> link_;
  int side_;
  User* user_ = nullptr;
  bool reading_ = false;
  bool ended_ = false;
  bool* gone_ = nullptr;  // set when this is destroyed, if somebody wants to know
};

const std::shared_ptr<const Peer>& LocalPeer() {
  static const auto& peer = *new std::shared_ptr<const Peer>(new Peer{.address = "local"});
  return peer;
}

LocalTransport::LocalTransport(std::shared_ptr<Link> link, int side)
    : Transport(LocalPeer()), link_(std::move(link)), side_(side) {
  mine().transport = this;
}

LocalTransport::~LocalTransport() {
  if (gone_ != nullptr) *gone_ = true;
  mine().transport = nullptr;
  std::lock_guard lock(link_->mutex);
  mine().loop = nullptr;
  mine().input.Drop();
  other().input.closed = true;
  Wake(1 - side_);
}

void LocalTransport::Wake(int side) {
  Link::End& end = link_->ends[side];
  if (end.loop == nullptr || std::exchange(end.woken, true)) return;
  end.loop->Post([link = link_, side] {
    {
      std::lock_guard lock(link->mutex);
      link->ends[side].woken = false;
    }
    LocalTransport* transport = link->ends[side].transport;
    if (transport != nullptr && transport->user_ != nullptr) transport->OnWake();
  });
}

void LocalTransport::Start(User* user) {
  user_ = user;
  SetReading(true);
}

void LocalTransport::SetReading(bool on) {
  reading_ = on && !ended_;
  if (!reading_) return;
  std::lock_guard lock(link_->mutex);
  const Pipe& input = mine().input;
  if (input.size() > 0 || input.closed) Wake(side_);
}

void LocalTransport::OnWake() {
  bool gone = false;
  gone_ = &gone;
  if (TakeRoom()) user_->OnWritable();
  if (!gone) Read(gone);
  if (!gone) gone_ = nullptr;
}

void LocalTransport::Read(const bool& gone) {
  for (int i = 0; i < kReadsMax && reading_; ++i) {
    mine().loop->TakeTime();  // what woke this may have been posted long before
    const size_t size = Take(user_->Space());
    if (size == 0) return EndIfClosed();
    user_->OnInput(size);
    if (gone) return;
  }
  SetReading(reading_);
}

// Whether a writer of ours that found the pipe full is to try again.
bool LocalTransport::TakeRoom() {
  std::lock_guard lock(link_->mutex);
  Pipe& output = other().input;
  if (!output.dropped && output.size() > kHeldMax / 2) return false;
  return std::exchange(output.writer_waits, false);
}

size_t LocalTransport::Take(std::span<char> space) {
  std::lock_guard lock(link_->mutex);
  Pipe& input = mine().input;
  const size_t size = input.Take(space);
  if (input.writer_waits && input.size() <= kHeldMax / 2) Wake(1 - side_);
  return size;
}

void LocalTransport::EndIfClosed() {
  {
    std::lock_guard lock(link_->mutex);
    if (!mine().input.closed || mine().input.size() > 0) return;
  }
  ended_ = true;
  reading_ = false;
  user_->OnInputEnd(absl::OkStatus());
}

size_t LocalTransport::Write(std::span<const wire::Piece> pieces) {
  std::lock_guard lock(link_->mutex);
  Pipe& output = other().input;
  if (output.writer_waits) return 0;
  size_t taken = 0;
  for (const wire::Piece& piece : pieces) {
    const size_t size = output.dropped ? piece.bytes.size() : output.Put(piece.bytes);
    taken += size;
    output.writer_waits = size < piece.bytes.size();
    if (output.writer_waits) break;
  }
  if (taken > 0) Wake(1 - side_);
  return taken;
}

absl::Status LocalTransport::failure() const {
  std::lock_guard lock(link_->mutex);
  if (!other().input.dropped) return absl::OkStatus();
  return absl::UnavailableError("the other end is gone");
}

void LocalTransport::CloseWriting() {
  std::lock_guard lock(link_->mutex);
  other().input.closed = true;
  Wake(1 - side_);
}

}  // namespace

std::pair<std::unique_ptr<Transport>, std::unique_ptr<Transport>> NewLocalTransports(Loop* first,
                                                                                     Loop* second) {
  auto link = std::make_shared<Link>();
  link->ends[0].loop = first;
  link->ends[1].loop = second;
  return {std::make_unique<LocalTransport>(link, 0), std::make_unique<LocalTransport>(link, 1)};
}

}  // namespace rpc::net
