#include "rpc/raw_message.h"

#include "google/protobuf/arena.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/parse_context.h"

namespace rpc {
namespace {

// No message is as large: where so much may follow, the input does not know where it ends.
constexpr int kUnknownSize = 1 << 30;

}  // namespace

RawMessage* RawMessage::New(google::protobuf::Arena* arena) const {
  return google::protobuf::Arena::Create<RawMessage>(arena);
}

void RawMessage::CheckTypeAndMergeFrom(const MessageLite& other) {
  bytes_ += static_cast<const RawMessage&>(other).bytes_;
}

const char* RawMessage::_InternalParse(const char* at,
                                       google::protobuf::internal::ParseContext* context) {
  const int size = context->BytesUntilLimit(at);
  if (size >= 0 && size < kUnknownSize) return context->AppendString(at, size, &bytes_);
  while (!context->Done(&at)) bytes_.push_back(*at++);
  return at;
}

uint8_t* RawMessage::_InternalSerialize(uint8_t* to,
                                        google::protobuf::io::EpsCopyOutputStream* out) const {
  return out->WriteRaw(bytes_.data(), static_cast<int>(bytes_.size()), to);
}

}  // namespace rpc
