// What both ends of calls over datagrams share: the limits, and one frame as one whole datagram.
//
// The layers above see DatagramLimits, Datagram and kDatagramSizeMax; the functions are internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rpc/session/limits.h"
#include "rpc/wire/frame_decoder.h"
#include "rpc/wire/header.h"

namespace rpc::session {

// What UDP over IPv4 carries: 65,535 less the headers of IP and UDP. Whoever reads datagrams gives
// them this much room, whatever is sent.
inline constexpr size_t kDatagramSizeMax = 65'507;

// A reply is at most this many times as large as its CALL: who forges another's address as the
// source of a CALL gains little.
inline constexpr uint64_t kAmplificationMax = 3;

struct DatagramLimits {
  // One datagram that is sent, and a CALL that a server takes, not counting its padding; at most
  // kDatagramSizeMax. The default passes nearly every network unbroken.
  uint64_t datagram_size_max = 1'200;

  // Client: a smaller CALL is padded to this, so that the reply may be kAmplificationMax times as
  // large. 0: as much as makes room for a reply of datagram_size_max, a third of it.
  uint64_t call_size_min = 0;

  // Server: no source address can be forged, so a reply may be as large as a datagram.
  bool spoofing_impossible = false;

  // Server: calls that run and calls that are remembered. Client: calls that are open.
  uint64_t calls_max = 10'000;

  // Server: replies that are kept, requests that wait. Client: requests.
  uint64_t memory_size_max = 16 << 20;

  // The longest time to its deadline that a call may have; the protocol allows 60 s.
  TimeUs timeout_us_max = 60 * kSecondUs;

  // Server: how long after its deadline a call is remembered. As long as a datagram can be on its
  // way, as a rule.
  TimeUs keep_us = 5 * kSecondUs;

  // Client: from the CALL to its first repeat; doubled from one repeat to the next, up to the
  // second.
  TimeUs repeat_min_us = kSecondUs / 10;
  TimeUs repeat_max_us = 2 * kSecondUs;
};

// What is to be sent. `destination` is the source that a server was given; a client has only one
// server, and leaves it empty.
struct Datagram {
  std::string_view destination = {};
  std::string_view bytes = {};
};

// Takes a datagram apart: *frame has views of it. False when it is not one whole frame. The body is
// not compared with its md5.
bool ReadDatagram(std::string_view datagram, wire::Frame* frame);

// Whether the body is empty or is the one that its md5 is of.
bool BodyIsGood(const wire::Frame& frame);

// Bytes of the datagram with this header and a body of `body_size` bytes. Sets header.size.
size_t DatagramSize(wire::Header& header, size_t body_size);

// Makes *out that datagram. An md5 that stands in the header is taken for the body's own.
void WriteDatagram(wire::Header& header, std::string_view body, std::string* out);

}  // namespace rpc::session
