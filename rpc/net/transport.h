// A stream of bytes in both directions: what a connection runs over. TCP and unix sockets are one
// kind (socket_transport.h), two ends within one process another (local_transport.h), and TLS over
// any of these a third (tls_transport.h).
//
// Threads: a transport belongs to its loop's thread. Its user is called there, within a turn, and
// never within a method of the transport.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "rpc/net/peer.h"
#include "rpc/wire/frame_encoder.h"

namespace rpc::net {

class Transport {
 public:
  // Every method may destroy the transport.
  class User {
   public:
    // Where the next bytes are to be put; not empty. This one may not destroy the transport.
    virtual std::span<char> Space() = 0;
    // `size` bytes have been put there.
    virtual void OnInput(size_t size) = 0;
    // No more input comes. Because the peer has closed its side (OK): what is written may still
    // reach it, and OnWritable may still follow. Or because the connection has failed, as `why`
    // says: the last that is called.
    virtual void OnInputEnd(const absl::Status& why) = 0;
    // Write took less than it was given before, and can take more now; or what it had taken has
    // left this process meanwhile, see flushed().
    virtual void OnWritable() = 0;

   protected:
    ~User() = default;
  };

  // Closes at once; nothing is called any more. What Write has taken is still sent.
  virtual ~Transport() = default;

  // Begins to read. Called once, before anything else.
  virtual void Start(User* user) = 0;

  // Whether input is read; at first it is. While it is not, nobody notices that the peer is gone.
  virtual void SetReading(bool on) = 0;

  // Takes as many of the bytes as go now, and tells how many: when not all, OnWritable follows. A
  // connection that has failed takes all; failure() tells at once, and OnInputEnd when what had
  // come before is read.
  virtual size_t Write(std::span<const wire::Piece> pieces) = 0;

  // What is written goes nowhere any more, as it says; what had come before may still be read.
  virtual absl::Status failure() const { return absl::OkStatus(); }

  // False while bytes that Write has taken wait in this process; OnWritable follows. Until then it
  // is too early to close.
  virtual bool flushed() const { return true; }

  // No more is written: the peer reads to the end of what was.
  virtual void CloseWriting() = 0;

  // The other end. It may be kept when the transport goes.
  const std::shared_ptr<const Peer>& peer() const {
    if (peer_ == nullptr) peer_ = FindPeer();
    return peer_;
  }

 protected:
  // Without a peer it is found when somebody asks: until then it costs no memory.
  explicit Transport(std::shared_ptr<const Peer> peer = nullptr) : peer_(std::move(peer)) {}
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

 private:
  virtual std::shared_ptr<const Peer> FindPeer() const { return std::make_shared<Peer>(); }

  mutable std::shared_ptr<const Peer> peer_;
};

}  // namespace rpc::net
