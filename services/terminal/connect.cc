#include "services/terminal/connect.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace terminal {

absl::StatusOr<rpc::Channel> ChannelTo(const std::string& server, const std::string& ca_file,
                                       rpc::ChannelOptions options) {
  const bool is_tls = server.starts_with("tls:");
  if (!ca_file.empty() && !is_tls && !server.starts_with("unix:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--ca is of use with tls:// and unix: only, not with ", server));
  }
  options.tls = nullptr;
  if (ca_file.empty() && !is_tls) return rpc::Channel(server, options);
  const absl::StatusOr<rpc::Tls> tls = rpc::Tls::Client({.ca_file = ca_file});
  if (!tls.ok()) return tls.status();
  options.tls = &*tls;  // the channel keeps a copy
  return rpc::Channel(server, options);
}

}  // namespace terminal
