// A message as the bytes of its encoding, whatever its type: for who knows the type only while the
// program runs, or need not know it.
//
//     rpc::RawMessage request(dynamic->SerializeAsString());
//     auto reply = co_await rpc::Call<rpc::RawMessage>(channel, "echo.Echo/Say", request);
//     if (reply.ok()) dynamic_reply->ParseFromString(reply->bytes());
//
// It stands wherever a generated message does, so that there is nothing else to learn:
//
//     rpc::Call<RawMessage>                     one request, one reply
//     rpc::ReadCall<RawMessage>                 one request, a stream of replies
//     rpc::WriteCall<RawMessage, RawMessage>    a stream of requests, one reply
//     rpc::StreamCall<RawMessage, RawMessage>   a stream in each direction
//
// Which of them a method is, its descriptor tells; //services/reflection has those of a server.
// The bytes are not looked at. Threads: as those of any message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "google/protobuf/message_lite.h"

namespace rpc {

class RawMessage final : public google::protobuf::MessageLite {
 public:
  RawMessage() = default;
  explicit RawMessage(std::string bytes) : bytes_(std::move(bytes)) {}
  RawMessage(const RawMessage& other) : MessageLite(), bytes_(other.bytes_) {}
  RawMessage(RawMessage&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  RawMessage& operator=(const RawMessage& other) {
    bytes_ = other.bytes_;
    return *this;
  }
  RawMessage& operator=(RawMessage&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    return *this;
  }

  const std::string& bytes() const { return bytes_; }
  std::string& bytes() { return bytes_; }

  // What protobuf asks of every message.
  std::string GetTypeName() const override { return "rpc.RawMessage"; }
  RawMessage* New(google::protobuf::Arena* arena) const override;
  void Clear() override { bytes_.clear(); }
  bool IsInitialized() const override { return true; }
  // The encodings of two messages, one behind the other, are that of both merged.
  void CheckTypeAndMergeFrom(const MessageLite& other) override;
  size_t ByteSizeLong() const override { return bytes_.size(); }
  int GetCachedSize() const override { return static_cast<int>(bytes_.size()); }
  const char* _InternalParse(const char* at,
                             google::protobuf::internal::ParseContext* context) override;
  uint8_t* _InternalSerialize(uint8_t* to,
                              google::protobuf::io::EpsCopyOutputStream* out) const override;

 private:
  std::string bytes_;
};

}  // namespace rpc
