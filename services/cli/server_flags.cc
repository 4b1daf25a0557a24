#include "services/cli/server_flags.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rpc/net/address.h"

namespace cli {

absl::StatusOr<std::string> AddressFrom(std::string_view typed) {
  std::string address(typed);
  const bool has_scheme = typed.find("://") != std::string_view::npos || typed.starts_with("unix:");
  if (!has_scheme) address = absl::StrCat("tcp://", address);
  const absl::StatusOr<rpc::net::Address> parsed = rpc::net::ParseAddress(address);
  if (!parsed.ok()) return parsed.status();
  return address;
}

absl::Status CheckCarriesStreams(std::string_view typed) {
  if (!typed.starts_with("udp:")) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("udp:// carries unary calls only, and this needs a stream of replies: not ",
                   std::string(typed)));
}

void ServerFlags::Declare(terminal::Flags* flags) {
  flags->Text("ca", "FILE",
              "for tls://, the CA that the server's certificate comes from, in place of those that "
              "the system trusts",
              &ca_);
  flags->Text("cert", "FILE", "for tls://, our own certificate, where the server asks for one",
              &certificate_);
  flags->Text("key", "FILE", "its key", &key_);
  flags->Text("server_name", "NAME",
              "for tls://, the name that the server's certificate bears, when it is not the host's",
              &server_name_);
}

absl::StatusOr<std::optional<rpc::Tls>> ServerFlags::TlsFor(const std::string& address) const {
  const bool any = !ca_.empty() || !certificate_.empty() || !key_.empty() || !server_name_.empty();
  if (certificate_.empty() != key_.empty()) {
    return absl::InvalidArgumentError("--cert=FILE and --key=FILE need each other");
  }
  const bool is_tls = address.starts_with("tls:");
  if (any && !is_tls && !address.starts_with("unix:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--ca, --cert, --key and --server_name are of use with tls:// and unix: only, "
                     "not with ",
                     address));
  }
  if (!any && !is_tls) return std::nullopt;
  absl::StatusOr<rpc::Tls> tls = rpc::Tls::Client({.certificate_file = certificate_,
                                                   .key_file = key_,
                                                   .ca_file = ca_,
                                                   .server_name = server_name_});
  if (!tls.ok()) return tls.status();
  return *std::move(tls);
}

absl::StatusOr<rpc::Channel> ServerFlags::Connect(std::string_view typed,
                                                  rpc::ChannelOptions options) const {
  const absl::StatusOr<std::string> address = AddressFrom(typed);
  if (!address.ok()) return address.status();
  const absl::StatusOr<std::optional<rpc::Tls>> tls = TlsFor(*address);
  if (!tls.ok()) return tls.status();
  options.tls = tls->has_value() ? &**tls : nullptr;  // the channel keeps a copy
  return rpc::Channel(*address, options);
}

}  // namespace cli
