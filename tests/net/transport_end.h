// One end of a transport under test: keeps what it reads, and writes what it is given as the
// transport takes it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/net/transport.h"

namespace rpc::net {

class TransportEnd final : public Transport::User {
 public:
  // Starts it.
  void Adopt(std::unique_ptr<Transport> transport);
  void Destroy() { transport_.reset(); }
  explicit operator bool() const { return transport_ != nullptr; }
  Transport* operator->() { return transport_.get(); }

  // Writes now what goes, and the rest when it can. In pieces of `piece_size`.
  void Send(std::string bytes, size_t piece_size = 50'000);
  bool all_sent() const { return sent_ == output_.size(); }
  // One Write, and nothing after it.
  size_t WriteOnce(std::string_view bytes);

  const std::string& input() const { return input_; }
  // All that it was given to send.
  const std::string& output() const { return output_; }
  bool ended() const { return ends_ > 0; }
  int ends() const { return ends_; }
  const absl::Status& why() const { return why_; }
  int writables() const { return writables_; }
  // Anything that was called.
  int calls() const { return calls_; }

  // Done at the end of the method, once, when it is set.
  std::function<void()> on_input;
  std::function<void()> on_end;
  std::function<void()> on_writable;
  size_t space_size = 64 << 10;

 private:
  std::span<char> Space() override;
  void OnInput(size_t size) override;
  void OnInputEnd(const absl::Status& why) override;
  void OnWritable() override;
  void Pump();

  std::unique_ptr<Transport> transport_;
  std::string space_;
  std::string input_;
  std::string output_;
  size_t sent_ = 0;
  size_t piece_size_ = 1;
  absl::Status why_;
  int ends_ = 0;
  int writables_ = 0;
  int calls_ = 0;
};

// `size` bytes that tell if some are lost, doubled or out of order.
std::string Pattern(size_t size);

}  // namespace rpc::net
