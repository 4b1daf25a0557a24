#include "rpc/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace rpc::net {
namespace {

// Quoted, with what is not printable escaped. The start says enough of a long text.
std::string Quoted(std::string_view text) {
  constexpr size_t kShownMax = 200;
  const std::string shown = absl::CHexEscape(std::string(text.substr(0, kShownMax)));
  return absl::StrCat("\"", shown, text.size() > kShownMax ? "...\"" : "\"");
}

// What is wrong with an address; ParseAddress says with which one.
absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

// A part that cannot be read, in quotes.
absl::Status Wrong(const std::string& what, std::string_view part) {
  return Wrong(absl::StrCat(what, " ", Quoted(part)));
}

bool IsIpv6(std::string_view host) {
  in6_addr parsed;
  const std::string without_zone(host.substr(0, host.find('%')));
  return inet_pton(AF_INET6, without_zone.c_str(), &parsed) == 1;
}

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

absl::StatusOr<uint16_t> ParsePort(std::string_view text) {
  if (text.empty()) return Wrong("the port is missing");
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), port);
  if (error == std::errc() && end == text.end()) return port;
  return Wrong("a port is a number from 0 to 65535, not", text);
}

absl::Status CheckHost(std::string_view host) {
  if (host.empty()) return Wrong("the host is missing");
  if (host.find(':') != std::string_view::npos) {
    return Wrong("an IPv6 address stands in brackets, as in [::1]:80");
  }
  if (!IsPrintable(host) || host.find_first_of("/@[]") != std::string_view::npos) {
    return Wrong("no host can be called", host);
  }
  return absl::OkStatus();
}

// `[::1]:80`, of which `text` is what follows the first bracket.
absl::StatusOr<Address> ParseBrackets(Scheme scheme, std::string_view text) {
  const size_t end = text.find(']');
  if (end == std::string_view::npos) return Wrong("the bracket is not closed");
  const std::string_view host = text.substr(0, end);
  const std::string_view rest = text.substr(end + 1);
  if (!IsIpv6(host) || !IsPrintable(host)) return Wrong("in brackets stands no IPv6 address", host);
  if (rest.empty()) return Wrong("the port is missing");
  if (rest[0] != ':') return Wrong("behind the bracket stands no port, but", rest);
  const absl::StatusOr<uint16_t> port = ParsePort(rest.substr(1));
  if (!port.ok()) return port.status();
  return Address{.scheme = scheme, .host = std::string(host), .port = *port};
}

absl::StatusOr<Address> ParseHostAndPort(Scheme scheme, std::string_view text) {
  if (text.starts_with("[")) return ParseBrackets(scheme, text.substr(1));
  const size_t colon = text.rfind(':');
  const std::string_view host = text.substr(0, colon);
  const absl::Status host_status = CheckHost(host);
  if (!host_status.ok()) return host_status;
  if (colon == std::string_view::npos) return Wrong("the port is missing");
  const absl::StatusOr<uint16_t> port = ParsePort(text.substr(colon + 1));
  if (!port.ok()) return port.status();
  return Address{.scheme = scheme, .host = std::string(host), .port = *port};
}

absl::StatusOr<Address> ParseUnix(std::string_view text) {
  const bool abstract = text.starts_with("@");
  if (!abstract && !text.starts_with("///")) {
    return Wrong("a path is absolute and follows unix://, an abstract name follows unix:@");
  }
  const std::string_view path = abstract ? text : text.substr(2);
  if (path.size() == 1) return Wrong(abstract ? "the name is missing" : "the path is missing");
  if (path.find('\0') != std::string_view::npos) return Wrong("a path has no zero byte");
  return Address{.scheme = Scheme::kUnix, .path = std::string(path)};
}

absl::StatusOr<Address> Parse(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view scheme = text.substr(0, colon);
  if (scheme == "unix" && colon != std::string_view::npos) return ParseUnix(text.substr(5));
  for (const Scheme known : {Scheme::kTcp, Scheme::kTls, Scheme::kUdp}) {
    if (scheme != SchemeName(known)) continue;
    if (!text.substr(scheme.size()).starts_with("://")) {
      return Wrong("the scheme is missing its slashes");
    }
    return ParseHostAndPort(known, text.substr(scheme.size() + 3));
  }
  if (text.find("://") != colon || colon == std::string_view::npos) {
    return Wrong("the scheme is missing");
  }
  return Wrong(absl::StrCat("unknown scheme ", Quoted(scheme),
                            ", known are tcp://, tls://, udp:// and unix:"));
}

}  // namespace

std::string_view SchemeName(Scheme scheme) {
  static constexpr std::string_view kNames[] = {"tcp", "tls", "udp", "unix"};
  return kNames[static_cast<size_t>(scheme)];
}

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  absl::StatusOr<Address> address = Parse(text);
  if (address.ok()) return address;
  return absl::InvalidArgumentError(
      absl::StrCat("bad address ", Quoted(text), ": ", std::string(address.status().message()),
                   "; the forms are tcp://host:port, tcp://[::1]:port, tls://host:port, "
                   "udp://host:port, unix:///path.sock and unix:@abstract"));
}

std::string ToString(const Address& address) {
  if (address.scheme == Scheme::kUnix) {
    return absl::StrCat(address.path.starts_with("@") ? "unix:" : "unix://", address.path);
  }
  const bool brackets = address.host.find(':') != std::string::npos;
  return absl::StrCat(SchemeName(address.scheme).data(), "://", brackets ? "[" : "", address.host,
                      brackets ? "]" : "", ":", address.port);
}

}  // namespace rpc::net
