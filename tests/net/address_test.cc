#include "rpc/net/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>

#include <string>

#include "absl/status/status.h"
#include "rpc/net/socket_address.h"

namespace rpc::net {
namespace {

using testing::HasSubstr;

struct Good {
  std::string_view text;
  Address address;
};

Address Tcp(std::string host, uint16_t port) {
  return {.scheme = Scheme::kTcp, .host = std::move(host), .port = port};
}

Address Unix(std::string path) { return {.scheme = Scheme::kUnix, .path = std::move(path)}; }

TEST(Address, IsReadAndWrittenAlike) {
  const Good rows[] = {
      {"tcp://127.0.0.1:7000", Tcp("127.0.0.1", 7000)},
      {"tcp://localhost:0", Tcp("localhost", 0)},
      {"tcp://a.b-c_d.example:65535", Tcp("a.b-c_d.example", 65535)},
      {"tcp://[::1]:80", Tcp("::1", 80)},
      {"tcp://[fe80::1%eth0]:80", Tcp("fe80::1%eth0", 80)},
      {"tcp://*:1", Tcp("*", 1)},
      {"tls://example.org:443", {.scheme = Scheme::kTls, .host = "example.org", .port = 443}},
      {"tls://[::1]:443", {.scheme = Scheme::kTls, .host = "::1", .port = 443}},
      {"udp://*:7000", {.scheme = Scheme::kUdp, .host = "*", .port = 7000}},
      {"unix:///run/echo.sock", Unix("/run/echo.sock")},
      {"unix:///with space:and@colon", Unix("/with space:and@colon")},
      {"unix:@echo", Unix("@echo")},
  };
  for (const Good& row : rows) {
    const absl::StatusOr<Address> address = ParseAddress(row.text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->scheme, row.address.scheme) << row.text;
    EXPECT_EQ(address->host, row.address.host);
    EXPECT_EQ(address->port, row.address.port);
    EXPECT_EQ(address->path, row.address.path);
    EXPECT_EQ(ToString(*address), row.text);
  }
}

struct Bad {
  std::string_view text;
  std::string_view complaint;
};

TEST(Address, ThatIsBadIsToldWithTheReason) {
  const Bad rows[] = {
      {"", R"(bad address "": the scheme is missing; the forms are tcp://host:port, )"},
      {"localhost:80", R"(bad address "localhost:80": the scheme is missing)"},
      {"/run/echo.sock", "the scheme is missing"},
      {"tcp:localhost:80", "the scheme is missing its slashes"},
      {"http://a:1", R"(unknown scheme "http", known are tcp://, tls://, udp:// and unix:)"},
      {"tls:a:1", "the scheme is missing its slashes"},
      {"udp:/a:1", "the scheme is missing its slashes"},
      {"udp://a", "the port is missing"},
      {"tls://[::1", "the bracket is not closed"},
      {"://a:1", R"(unknown scheme "")"},
      {"TCP://a:1", R"(unknown scheme "TCP")"},
      {"tcp://", "the host is missing"},
      {"tcp://:80", "the host is missing"},
      {"tcp://a", "the port is missing"},
      {"tcp://a:", "the port is missing"},
      {"tcp://a:65536", R"(a port is a number from 0 to 65535, not "65536")"},
      {"tcp://a:-1", R"(not "-1")"},
      {"tcp://a:+1", R"(not "+1")"},
      {"tcp://a: 1", R"(not " 1")"},
      {"tcp://a:80/path", R"(not "80/path")"},
      {"tcp://a:http", R"(not "http")"},
      {"tcp://::1:80", "an IPv6 address stands in brackets, as in [::1]:80"},
      {"tcp://[::1:80", "the bracket is not closed"},
      {"tcp://[::1]", "the port is missing"},
      {"tcp://[::1]80", R"(behind the bracket stands no port, but "80")"},
      {"tcp://[]:80", R"(in brackets stands no IPv6 address "")"},
      {"tcp://[127.0.0.1]:80", R"(no IPv6 address "127.0.0.1")"},
      {"tcp://me@host:80", R"(no host can be called "me@host")"},
      {"tcp://a b:80", R"(no host can be called "a b")"},
      {"tcp://a\n:80", R"(bad address "tcp://a\n:80": no host can be called "a\n")"},
      {"unix:run/echo.sock", "a path is absolute and follows unix://"},
      {"unix://run/echo.sock", "a path is absolute and follows unix://"},
      {"unix:/run/echo.sock", "a path is absolute and follows unix://"},
      {"unix:", "a path is absolute"},
      {"unix:///", "the path is missing"},
      {"unix:@", "the name is missing"},
      {std::string_view("unix:///a\0b", 11), "a path has no zero byte"},
  };
  for (const Bad& row : rows) {
    const absl::Status status = ParseAddress(row.text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << row.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(row.complaint)));
  }
}

TEST(Address, ThatIsLongAndBadIsToldByItsStart) {
  const absl::Status status = ParseAddress("tcp://" + std::string(10'000, '\xff')).status();
  EXPECT_LT(status.message().size(), 2'500u);
}

TEST(SocketAddress, OfAnAddressInDigitsIsKnownWithoutLookup) {
  for (const std::string text : {"tcp://127.0.0.1:80", "tcp://[::1]:65535", "tcp://0.0.0.0:0",
                                 "unix:///run/echo.sock", "unix:@echo"}) {
    const auto known = AddressWithoutLookup(*ParseAddress(text));
    ASSERT_TRUE(known.has_value() && known->ok()) << text;
    EXPECT_EQ(ToString(**known), text);
  }
  EXPECT_FALSE(AddressWithoutLookup(Tcp("localhost", 80)).has_value());
  EXPECT_FALSE(AddressWithoutLookup(Tcp("*", 80)).has_value());
}

TEST(SocketAddress, ShowsAnIpv4AddressOfADualStackSocketAsItself) {
  EXPECT_EQ(ToString(**AddressWithoutLookup(Tcp("::ffff:10.0.0.1", 80))), "tcp://10.0.0.1:80");
}

TEST(SocketAddress, TakesAPathOf107BytesAndNoMore) {
  for (const std::string start : {"/", "@"}) {
    const size_t size = start == "/" ? 107 : 108;  // the @ itself is not sent
    const Address fits = Unix(start + std::string(size - 1, 'a'));
    const auto known = AddressWithoutLookup(fits);
    ASSERT_TRUE((*known).ok()) << (*known).status();
    EXPECT_EQ(ToString(**known), ToString(fits));
    const auto longer = AddressWithoutLookup(Unix(start + std::string(size, 'a')));
    EXPECT_TRUE(absl::IsInvalidArgument((*longer).status()));
    EXPECT_THAT(std::string((*longer).status().message()), HasSubstr("108 bytes; at most 107"));
  }
}

TEST(SocketAddress, FoundAreTriedWithTheFamiliesTakingTurns) {
  sockaddr_in six[6] = {};
  addrinfo found[6] = {};
  const int families[] = {AF_INET6, AF_INET6, AF_INET6, AF_INET, AF_INET, AF_UNIX};
  for (int i = 0; i < 6; ++i) {
    six[i].sin_family = static_cast<sa_family_t>(families[i]);
    six[i].sin_addr.s_addr = static_cast<uint32_t>(i);
    found[i].ai_family = families[i];
    found[i].ai_addr = reinterpret_cast<sockaddr*>(&six[i]);
    found[i].ai_addrlen = sizeof(six[i]);
    found[i].ai_next = i < 5 ? &found[i + 1] : nullptr;
  }
  std::string order;
  for (const SocketAddress& each : AddressesFound(found, 80)) {
    order += std::to_string(reinterpret_cast<const sockaddr_in*>(each.get())->sin_addr.s_addr);
  }
  EXPECT_EQ(order, "03142");
}

}  // namespace
}  // namespace rpc::net
