#include "tests/wire/header_agreement.h"

#include <vector>

#include "rpc/wire/header_codec.h"

namespace rpc::wire {

HeaderRecord ToRecord(const Header& header) {
  HeaderRecord record;
  auto text = [](std::string_view view) { return std::string(view); };
  record.set_md5(text(header.md5));
  record.set_name(text(header.name));
  record.set_size(header.size);
  record.set_kind(static_cast<HeaderRecord::Kind>(header.kind));
  record.set_call(header.call);
  record.set_flags(header.flags);
  record.set_timeout_us(header.timeout_us);
  record.set_code(header.code);
  record.set_message(text(header.message));
  for (const Metadatum& m : header.metadata) {
    auto* entry = record.add_metadata();
    entry->set_key(text(m.key));
    entry->set_value(text(m.value));
  }
  for (const Detail& d : header.details) {
    auto* detail = record.add_details();
    detail->set_type_url(text(d.type_url));
    detail->set_value(text(d.value));
  }
  record.set_credit(header.credit);
  record.set_encoding(static_cast<HeaderRecord::Encoding>(header.encoding));
  record.set_session(header.session);
  record.set_padding(text(header.padding));
  return record;
}

std::string Encode(const Header& header) {
  std::string bytes(EncodedHeaderSize(header), '\0');
  const char* end = EncodeHeader(header, bytes.data());
  if (end != bytes.data() + bytes.size()) return "EncodedHeaderSize is wrong";
  return bytes;
}

std::string DifferenceOn(std::string_view record) {
  // An exact copy on the heap, so that a sanitizer sees a read beyond the end.
  const std::vector<char> bytes(record.begin(), record.end());
  HeaderRecord generated;
  Header header;
  const bool generated_accepts =
      generated.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  const bool accepts = DecodeHeader({bytes.data(), bytes.size()}, &header).ok();
  if (accepts != generated_accepts) {
    return accepts ? "only the hand-written decoder accepts" : "only the generated class accepts";
  }
  if (!accepts) return "";
  generated.DiscardUnknownFields();
  for (auto& entry : *generated.mutable_metadata()) entry.DiscardUnknownFields();
  for (auto& detail : *generated.mutable_details()) detail.DiscardUnknownFields();
  const std::string expected = generated.SerializeAsString();
  if (ToRecord(header).SerializeAsString() != expected) return "a field differs";
  if (Encode(header) != expected) return "the encoder writes other bytes";
  return "";
}

}  // namespace rpc::wire
