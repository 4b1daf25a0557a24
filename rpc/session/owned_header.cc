#include "rpc/session/owned_header.h"

namespace rpc::session {

size_t HeaderMemorySize(const wire::Header& header) {
  size_t size = header.md5.size() + header.name.size() + header.message.size() +
                header.padding.size() + header.metadata.size() * sizeof(wire::Metadatum) +
                header.details.size() * sizeof(wire::Detail);
  for (const wire::Metadatum& m : header.metadata) size += m.key.size() + m.value.size();
  for (const wire::Detail& d : header.details) size += d.type_url.size() + d.value.size();
  return size;
}

OwnedHeader::OwnedHeader(const wire::Header& header) : header_(header) {
  strings_.reserve(HeaderMemorySize(header));  // so that the views stay where they are
  header_.md5 = Keep(header.md5);
  header_.name = Keep(header.name);
  header_.message = Keep(header.message);
  header_.padding = Keep(header.padding);
  for (wire::Metadatum& m : header_.metadata) m = {Keep(m.key), Keep(m.value)};
  for (wire::Detail& d : header_.details) d = {Keep(d.type_url), Keep(d.value)};
}

size_t OwnedHeader::memory_size() const { return HeaderMemorySize(header_); }

std::string_view OwnedHeader::Keep(std::string_view text) {
  const size_t at = strings_.size();
  strings_ += text;
  return std::string_view(strings_).substr(at);
}

}  // namespace rpc::session
