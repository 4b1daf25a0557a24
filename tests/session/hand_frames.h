// Frames written by hand, as bytes for SessionPair::FeedServer and FeedClient: what a peer may
// send, and what it may not.
//
//     pair.FeedServer(hand::Hello() + hand::Call(1, "Unary", "x") + hand::Cancel(1));
//     pair.FeedServer(hand::Message(5, "x", wire::kFlagMore | wire::kFlagLast));  // breaks a rule
//
// Size and md5 are right unless a function says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/wire/header.h"

namespace rpc::session::hand {

inline constexpr uint32_t kLast = wire::kFlagLast;
inline constexpr uint32_t kMore = wire::kFlagMore;
inline constexpr uint32_t kBare = wire::kFlagBare;
inline constexpr uint32_t kUnseen = wire::kFlagUnseen;

// The fields of a header, each with a default, so that a frame names only those that it sets.
struct Fields {
  wire::Kind kind = wire::Kind::kCall;
  uint64_t call = 0;
  uint32_t flags = 0;
  std::string_view name = {};
  uint64_t size = 0;          // FrameAsItIs only
  std::string_view md5 = {};  // the same
  uint64_t timeout_us = 0;
  uint32_t code = 0;
  std::string_view message = {};
  std::vector<wire::Metadatum> metadata = {};
  std::vector<wire::Detail> details = {};
  uint64_t credit = 0;
  wire::Encoding encoding = wire::Encoding::kIdentity;
};

// Any frame. Sets size and md5.
std::string Frame(const Fields& fields, std::string_view body = "");
// Any frame: size and md5 too as `fields` have them.
std::string FrameAsItIs(const Fields& fields, std::string_view body = "");
// Any bytes as a header record, with their length before and `body` behind them.
std::string Record(std::string_view record, std::string_view body = "");
// A JSON header of these members, and of the size and md5 of `body` when it has one.
std::string Json(std::string_view members, std::string_view body = "");

// A client's frames.
std::string Call(uint64_t call, std::string_view method, std::string_view message,
                 uint32_t flags = kLast);
std::string BareCall(uint64_t call, std::string_view method, uint32_t flags = 0);
std::string Last(uint64_t call);  // MESSAGE LAST|BARE
std::string Cancel(uint64_t call);

// A server's.
std::string End(uint64_t call, std::string_view reply);  // OK
std::string EndBare(uint64_t call, uint32_t code = 0, std::string_view message = "",
                    uint32_t flags = 0);

// Both sides'.
std::string Message(uint64_t call, std::string_view message, uint32_t flags = 0);
std::string Credit(uint64_t call, uint64_t credit);
std::string Ping();
std::string Pong();
std::string Goaway(uint64_t call, uint32_t code = 0, std::string_view message = "");
std::string Hello(std::string_view body = "");  // every value its default

// A body compressed with zstd.
std::string Zstd(std::string_view body);

}  // namespace rpc::session::hand
