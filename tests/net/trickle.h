// A transport over another that passes on little at once: input in crumbs, output in bites, as a
// slow network does.
#pragma once

#include <algorithm>
#include <memory>
#include <random>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "rpc/net/loop.h"
#include "rpc/net/transport.h"

namespace rpc::net {

// Passes on at most so many bytes at once, each time another number of them.
class Trickle final : public Transport, private Transport::User {
 public:
  Trickle(Loop* loop, std::unique_ptr<Transport> below, size_t size_max)
      : Transport(below->peer()), loop_(loop), below_(std::move(below)), sizes_(1, size_max) {}

  void Start(Transport::User* user) override {
    user_ = user;
    below_->Start(this);
  }
  void SetReading(bool on) override { below_->SetReading(on); }
  void CloseWriting() override { below_->CloseWriting(); }

  size_t Write(std::span<const wire::Piece> pieces) override {
    if (pieces.empty() || waits_) return 0;
    const std::string_view bytes = pieces[0].bytes;
    const wire::Piece some = {.bytes = bytes.substr(0, sizes_(random_)), .owner = nullptr};
    const size_t taken = below_->Write({&some, 1});
    waits_ = taken < bytes.size() || pieces.size() > 1;
    if (waits_ && taken == some.bytes.size()) GoOnLater();
    return taken;
  }

 private:
  void GoOnLater() {
    loop_->Post([this, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) OnWritable();
    });
  }

  std::span<char> Space() override {
    const std::span<char> space = user_->Space();
    return space.first(std::min(space.size(), sizes_(random_)));
  }
  void OnInput(size_t size) override { user_->OnInput(size); }
  void OnInputEnd(const absl::Status& why) override { user_->OnInputEnd(why); }
  void OnWritable() override {
    if (std::exchange(waits_, false)) user_->OnWritable();
  }

  Loop* loop_;
  std::unique_ptr<Transport> below_;
  Transport::User* user_ = nullptr;
  std::mt19937 random_{7};
  std::uniform_int_distribution<size_t> sizes_;
  bool waits_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace rpc::net
