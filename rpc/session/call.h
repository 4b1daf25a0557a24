// One open call as a session records it. Internal to rpc/session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/session/deadlines.h"
#include "rpc/session/fifo.h"
#include "rpc/session/inbox.h"
#include "rpc/session/owned_header.h"
#include "rpc/wire/header.h"

namespace rpc::session {

// A message to be sent. With an owner its bytes are not copied, and the owner is held until they
// have been sent; without one they are copied.
struct Payload {
  std::string_view bytes;
  std::shared_ptr<const void> owner = nullptr;
};

// A message, or a frame without one, that waits to be sent.
struct Outgoing {
  wire::Kind kind = wire::Kind::kMessage;
  uint32_t flags = 0;
  bool started = false;   // a part of it has been sent
  std::string_view rest;  // bytes not sent yet
  size_t size = 0;        // of the message: its owner holds all of it until the last part is sent
  std::shared_ptr<const void> owner;
  std::unique_ptr<OwnedHeader> header;  // name, metadata, status; null when there are none

  bool bare() const { return (flags & wire::kFlagBare) != 0; }
  size_t memory_size() const { return size + (header ? header->memory_size() : 0); }
};

// What is forgotten when a record is used for another call.
struct CallState {
  uint64_t id = 0;
  void* tag = nullptr;
  wire::Form form = wire::Form::kBinary;
  TimeUs deadline_us = kNever;
  size_t deadline_place = kNoPlace;

  // Sending.
  uint64_t credit = 0;
  bool scheduled = false;    // stands in one of the sender's lines
  bool write_waits = false;  // Write said "wait", and kWritable has not been told

  // Receiving.
  uint64_t messages_received = 0;
  bool inbox_full = false;      // a peer without credit is not read while this is so
  uint64_t memory_counted = 0;  // how much of the session's memory this call was last seen to hold

  // Both.
  bool single_reply = false;
  bool reply_begun = false;  // a frame of the reply has been sent or has arrived
  bool half_closed = false;  // the client's LAST has arrived

  // Client.
  bool writing_closed = false;  // its LAST has been queued
  bool sent_open = false;       // its CALL has been written
  bool ended = false;           // its END has arrived; the inbox is still being read
  bool unseen = false;          // of that END
  absl::Status end_status;
  std::unique_ptr<OwnedHeader> end_header;

  // Server.
  bool single_request = false;
  bool begun = false;         // the application knows of it
  bool over = false;          // its END has been queued or written; frames for it are ignored
  bool end_written = false;   // its END has been written; the record is about to go
  bool handler_done = false;  // the application has called End
  std::unique_ptr<OwnedHeader> open_header;  // of its CALL, until it begins
};

struct Call : CallState {
  Fifo<Outgoing> queue;
  Inbox inbox;

  // As new, but for memory that the next call can use.
  void Clear();
};

}  // namespace rpc::session
