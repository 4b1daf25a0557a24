#include "rpc/runtime/message_codec.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/json_util.h"
#include "rpc/wire/large_string.h"

namespace rpc::runtime {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageLite;

// Objects and lists within each other in a body of JSON.
constexpr int kJsonDepthMax = 100;

absl::Status CannotRead(const MessageLite& message, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("cannot read ", message.GetTypeName(), ": ",
                                                 absl::string_view(what.data(), what.size())));
}

// protobuf's parser shows the place below its sentence, over several lines: only the sentence.
absl::Status CannotReadJson(const MessageLite& message, std::string what) {
  what.resize(std::min(what.size(), what.find('\n')));
  const size_t sentence = what.find_first_not_of(": ");
  what.erase(0, std::min(what.size(), sentence));
  return absl::InvalidArgumentError(
      absl::StrCat("cannot read ", message.GetTypeName(), " from JSON: ", what));
}

absl::Status NoJson(const MessageLite& message) {
  return absl::InvalidArgumentError(
      absl::StrCat(message.GetTypeName(), " is built for LITE_RUNTIME, and so has no JSON form"));
}

// protobuf's own parser of JSON calls itself for each level, whatever the message can hold.
bool IsNestedWithin(std::string_view json, int depth_max) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') {
      if (++depth > depth_max) return false;
    }
    if (c == '}' || c == ']') --depth;
  }
  return true;
}

absl::Status ParseJson(std::string_view bytes, MessageLite* lite) {
  lite->Clear();
  auto* message = dynamic_cast<Message*>(lite);
  if (message == nullptr) return NoJson(*lite);
  if (bytes.empty()) return absl::OkStatus();  // a body of no bytes is the empty message
  if (!IsNestedWithin(bytes, kJsonDepthMax)) {
    return CannotReadJson(*lite, absl::StrCat("it is nested deeper than ", kJsonDepthMax));
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(bytes.data(), bytes.size()), message, options);
  if (status.ok()) return absl::OkStatus();
  return CannotReadJson(*lite, std::string(status.message()));
}

absl::Status SerializeJson(const MessageLite& lite, std::string* bytes) {
  bytes->clear();
  const auto* message = dynamic_cast<const Message*>(&lite);
  if (message == nullptr) return NoJson(lite);
  const auto status = google::protobuf::util::MessageToJsonString(*message, bytes);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("cannot write a ", lite.GetTypeName(),
                                                 " as JSON: ", std::string(status.message())));
}

}  // namespace

absl::Status ParseMessage(wire::Form form, std::string_view bytes, MessageLite* message) {
  if (form == wire::Form::kJson) return ParseJson(bytes, message);
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return CannotRead(*message, absl::StrCat("it has ", bytes.size(), " bytes"));
  }
  if (message->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    if (message->IsInitialized()) return absl::OkStatus();
    return CannotRead(
        *message, absl::StrCat("it lacks required fields: ", message->InitializationErrorString()));
  }
  return CannotRead(
      *message,
      absl::StrCat(bytes.size(),
                   " bytes that are not its encoding, or text in them that is not UTF-8"));
}

absl::Status SerializeMessage(wire::Form form, const MessageLite& message, std::string* bytes) {
  if (!message.IsInitialized()) {
    return absl::InvalidArgumentError(absl::StrCat(
        message.GetTypeName(), " lacks required fields: ", message.InitializationErrorString()));
  }
  if (form == wire::Form::kJson) return SerializeJson(message, bytes);
  const size_t size = message.ByteSizeLong();
  if (size > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError(absl::StrCat(
        message.GetTypeName(), " of ", size, " bytes is more than protobuf can write (2 GiB)"));
  }
  if (size > bytes->capacity()) *bytes = wire::TakeLarge(size);
  bytes->resize(size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(bytes->data()));
  return absl::OkStatus();
}

}  // namespace rpc::runtime
