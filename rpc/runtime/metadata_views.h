// Metadata as programs have it, from and to the views that headers have.
#pragma once

#include <vector>

#include "rpc/metadata.h"
#include "rpc/wire/header.h"

namespace rpc::runtime {

// Valid until the metadata changes.
inline std::vector<wire::Metadatum> ViewsOf(const Metadata& metadata) {
  std::vector<wire::Metadatum> views;
  views.reserve(metadata.size());
  for (const Metadata::Entry& entry : metadata) views.push_back({entry.key, entry.value});
  return views;
}

inline void AddFrom(const wire::Header& header, Metadata* metadata) {
  for (const wire::Metadatum& each : header.metadata) metadata->Add(each.key, each.value);
}

}  // namespace rpc::runtime
