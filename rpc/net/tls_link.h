// An SSL of OpenSSL's over a transport: what a handshake begins with and a TlsTransport goes on
// with. It moves the encrypted bytes; its user calls SSL_* on ssl(), and Flush() after each.
//
// What comes is read into a buffer of the thread's, and what goes is encrypted into another, so an
// idle connection holds neither. Only what could not be used at once is kept: input while nobody
// reads, output for which the transport below has no room.
//
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/net/loop.h"
#include "rpc/net/tls_context.h"
#include "rpc/net/tls_openssl.h"
#include "rpc/net/transport.h"

namespace rpc::net {

class TlsLink final : private Transport::User, private Timer, private LoopUser {
 public:
  // Both methods may destroy the link.
  class User {
   public:
    // There may be something for SSL_read, or no more will come.
    virtual void OnInput() = 0;
    // All that was waiting has gone below.
    virtual void OnDrained() = 0;

   protected:
    ~User() = default;
  };

  // REQUIRES: `below` has not been started, which it is now.
  TlsLink(Loop* loop, std::shared_ptr<TlsContext> context, std::unique_ptr<Transport> below,
          User* user);
  // At once; what is waiting is lost.
  ~TlsLink();

  // Closes a link for good. What is waiting is still sent, within 10 s; then, when `linger` says
  // so, what comes is read and dropped for 1 s: closing with bytes unread would reset the
  // connection, and take from the peer what we have sent last.
  static void Close(std::unique_ptr<TlsLink> link, bool linger);

  void SetUser(User* user) { user_ = user; }
  // Calls the user's OnInput, and keeps what it leaves. In a turn.
  void Pump();

  SSL* ssl() const { return ssl_.get(); }
  Loop* loop() const { return loop_; }
  TlsContext& context() const { return *context_; }
  const std::shared_ptr<const Peer>& below_peer() const { return below_->peer(); }

  // Input that SSL has not taken yet.
  bool has_input() const { return !input_.empty(); }
  bool input_ended() const { return input_ended_; }
  // As what is below has said.
  const absl::Status& why() const { return why_; }
  absl::Status failure() const { return below_->failure(); }
  void SetReading(bool on);

  // Hands what SSL has made to the transport below. REQUIRED after each call of SSL's, before
  // anything else happens.
  void Flush();
  // The transport below has no room: OnDrained follows.
  bool waiting() const { return !waiting_.empty(); }
  // Says close_notify, and closes below when all has gone.
  void CloseWriting();

  // Of a client: where sessions are kept that the server gives.
  void set_session_name(std::string name) { session_name_ = std::move(name); }
  // What the peer's certificate must bear, for sentences.
  void set_verified_name(std::string name) { verified_name_ = std::move(name); }

  // The first bytes that have come, as many as a sentence shows.
  std::string_view first_bytes() const { return first_bytes_; }
  // What was wrong with the peer's certificate, or nothing.
  const std::string& distrust() const { return distrust_; }
  // The server has asked for a certificate, and we have none: it may be content with that, which it
  // tells by sending data.
  bool lacks_certificate() const { return asked_for_certificate_ && !context_->has_certificate; }
  // The peer sends handshake messages on and on, without data or without reading the answers.
  bool flooded() const;
  // The handshake is done: from here on such messages count, until there is data.
  void OnHandshakeDone() { messages_ = 0; }
  void OnData(size_t size) {
    data_size_ += size;
    asked_for_certificate_ = false;
  }
  // OpenSSL keeps 16 KiB after each such message, until something is written.
  void FreeBuffers();

  // Connects what all links of a context have in common.
  static void SetCallbacks(SSL_CTX* context);

 private:
  static TlsLink* Of(const SSL* ssl) { return static_cast<TlsLink*>(SSL_get_app_data(ssl)); }
  static const BIO_METHOD* BioMethod();
  static int ReadBio(BIO* bio, char* bytes, size_t size, size_t* taken);
  static int WriteBio(BIO* bio, const char* bytes, size_t size, size_t* taken);
  static long ControlBio(BIO* bio, int command, long number, void* pointer);
  static int OnVerify(int ok, X509_STORE_CTX* verifying);
  static int OnSession(SSL* ssl, SSL_SESSION* session);
  static void OnMessage(int sent, int version, int type, const void* bytes, size_t size, SSL* ssl,
                        void* argument);

  // Transport::User, of what is below.
  std::span<char> Space() override;
  void OnInput(size_t size) override;
  void OnInputEnd(const absl::Status& why) override;
  void OnWritable() override;
  // Once closed.
  void OnTime() override { delete this; }
  void OnLoopEnd() override { delete this; }

  void Feed(std::string_view bytes);
  void KeepInput();
  void Linger();

  Loop* loop_;
  std::shared_ptr<TlsContext> context_;
  std::unique_ptr<Transport> below_;
  User* user_;  // null once it is closed
  Ssl ssl_;
  std::string_view input_ = {};  // in the thread's buffer, or in held_
  std::string held_ = {};
  std::string waiting_ = {};
  std::string session_name_ = {};
  std::string verified_name_ = {};
  std::string first_bytes_ = {};
  std::string distrust_ = {};
  absl::Status why_ = {};
  bool* gone_ = nullptr;         // set when this is destroyed, if somebody wants to know
  uint64_t messages_ = 0;        // of handshakes, since the first one was done
  uint64_t data_size_ = 0;       // that has been read
  bool input_is_fresh_ = false;  // in the thread's buffer, which is somebody else's in a moment
  bool input_ended_ = false;
  bool closes_writing_ = false;  // below, once nothing is waiting
  bool asked_for_certificate_ = false;
  bool has_spare_buffers_ = false;
};

}  // namespace rpc::net
