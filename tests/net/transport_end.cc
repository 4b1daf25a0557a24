#include "tests/net/transport_end.h"

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace rpc::net {
namespace {

void RunOnce(std::function<void()>* hook) {
  if (const std::function<void()> run = std::exchange(*hook, nullptr)) run();
}

}  // namespace

void TransportEnd::Adopt(std::unique_ptr<Transport> transport) {
  transport_ = std::move(transport);
  transport_->Start(this);
}

void TransportEnd::Send(std::string bytes, size_t piece_size) {
  output_ += bytes;
  piece_size_ = piece_size;
  Pump();
}

void TransportEnd::Pump() {
  while (sent_ < output_.size()) {
    std::string_view rest = std::string_view(output_).substr(sent_);
    std::vector<wire::Piece> pieces;
    for (; !rest.empty() && pieces.size() < 1000; rest.remove_prefix(pieces.back().bytes.size())) {
      pieces.push_back({.bytes = rest.substr(0, piece_size_), .owner = nullptr});
    }
    size_t size = 0;
    for (const wire::Piece& piece : pieces) size += piece.bytes.size();
    const size_t taken = transport_->Write(pieces);
    sent_ += taken;
    if (taken < size) return;
  }
}

size_t TransportEnd::WriteOnce(std::string_view bytes) {
  const wire::Piece piece = {.bytes = bytes, .owner = nullptr};
  return transport_->Write({&piece, 1});
}

std::span<char> TransportEnd::Space() {
  space_.resize(space_size);
  return space_;
}

void TransportEnd::OnInput(size_t size) {
  ++calls_;
  input_.append(space_, 0, size);
  RunOnce(&on_input);
}

void TransportEnd::OnInputEnd(const absl::Status& why) {
  ++calls_;
  ++ends_;
  why_ = why;
  RunOnce(&on_end);
}

void TransportEnd::OnWritable() {
  ++calls_;
  ++writables_;
  if (on_writable != nullptr) return RunOnce(&on_writable);
  Pump();
}

std::string Pattern(size_t size) {
  std::mt19937 random(static_cast<uint32_t>(size));
  std::string bytes;
  for (bytes.reserve(size + sizeof(uint32_t)); bytes.size() < size;) {
    const uint32_t word = random();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace rpc::net
