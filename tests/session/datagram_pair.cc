#include "tests/session/datagram_pair.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rpc/wire/frame_encoder.h"
#include "rpc/wire/header_codec.h"
#include "rpc/wire/json_header.h"

namespace rpc::session {
namespace {

std::map<std::string, std::string> Copy(const std::vector<wire::Metadatum>& metadata) {
  std::map<std::string, std::string> copy;
  for (const wire::Metadatum& m : metadata) copy[std::string(m.key)] = m.value;
  return copy;
}

std::string Encode(wire::Header& header, std::string_view body) {
  wire::EncodeBuffers buffers;
  wire::FrameEncoder encoder(&buffers);
  encoder.Append(header, body);
  std::string bytes;
  for (const wire::Piece& piece : encoder.Pieces()) bytes += piece.bytes;
  return bytes;
}

hand::UdpEndFrame ReadEnd(std::string_view destination, std::string_view bytes) {
  size_t length = 0;
  for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(bytes[i]);
  const std::string_view record = bytes.substr(4, length);
  const bool json = record[0] == '{';
  wire::Header header;
  std::string storage;
  EXPECT_TRUE((json ? wire::DecodeJsonHeader(record, &storage, &header)
                    : wire::DecodeHeader(record, &header))
                  .ok());
  EXPECT_EQ(header.kind, wire::Kind::kEnd);
  EXPECT_EQ(header.size, bytes.size() - 4 - length);
  return {std::string(destination),
          bytes.size(),
          json ? wire::Form::kJson : wire::Form::kBinary,
          header.session,
          header.call,
          header.code,
          header.flags,
          std::string(header.message),
          std::string(bytes.substr(4 + length)),
          Copy(header.metadata),
          header.details.size()};
}

const Method* MethodOf(std::string_view name) {
  static const Method kUnary = {true, true};
  static const Method kServerStream = {true, false};
  static const Method kClientStream = {false, true};
  if (name == "Unary") return &kUnary;
  if (name == "ServerStream") return &kServerStream;
  if (name == "ClientStream") return &kClientStream;
  return nullptr;
}

}  // namespace

namespace hand {

std::string UdpCall(const UdpFields& fields, std::string_view body) {
  const std::string padding(fields.padding_size, '\0');
  wire::Header header;
  header.kind = fields.kind;
  header.form = fields.form;
  header.session = fields.session;
  header.call = fields.call;
  header.name = fields.name;
  header.flags = fields.flags;
  header.timeout_us = fields.timeout_us;
  header.code = fields.code;
  header.message = fields.message;
  header.metadata = fields.metadata;
  header.encoding = fields.encoding;
  header.padding = padding;
  return Encode(header, body);
}

std::string UdpEnd(uint64_t session, uint64_t call, std::string_view body, uint32_t code) {
  return UdpCall({.kind = wire::Kind::kEnd,
                  .session = session,
                  .call = call,
                  .name = "",
                  .flags = code == 0 ? 0 : wire::kFlagBare,
                  .timeout_us = 0,
                  .code = code},
                 body);
}

}  // namespace hand

DatagramPair::DatagramPair(const DatagramPairLimits& limits)
    : client_(std::make_unique<DatagramClient>(limits.client, kClientSession, now_us_)),
      server_(std::make_unique<DatagramServer>(limits.server, MethodOf, now_us_)) {}

absl::StatusOr<uint64_t> DatagramPair::TryOpen(std::string_view request,
                                               const DatagramCallOptions& options) {
  Opening opening;
  opening.name = options.name;
  opening.metadata = options.metadata;
  opening.deadline_us = options.timeout_us == kNever ? kNever : now_us_ + options.timeout_us;
  opening.single_reply = options.single_reply;
  opening.last = options.last;
  return client_->Open(opening, {request});
}

uint64_t DatagramPair::Open(std::string_view request, const DatagramCallOptions& options) {
  const absl::StatusOr<uint64_t> call = TryOpen(request, options);
  EXPECT_TRUE(call.ok()) << call.status();
  return call.value_or(0);
}

void DatagramPair::ReplyToAll(std::string_view reply) {
  on_call_ = [this, copy = std::string(reply)](uint64_t number) { Reply(copy, number); };
}

void DatagramPair::Reply(std::string_view reply, uint64_t number) {
  const Payload payload = {reply};
  server_->End(number == 0 ? server_log_.size() : number, absl::OkStatus(), &payload);
}

void DatagramPair::End(const absl::Status& status, uint64_t number) {
  server_->End(number == 0 ? server_log_.size() : number, status);
}

void DatagramPair::Run() {
  Listen();
  bool moved = true;
  while (moved) {
    moved = MoveToServer();
    moved = MoveToClient() || moved;
  }
}

bool DatagramPair::MoveToServer() {
  bool moved = false;
  for (const std::string& bytes : TakeFromClient()) {
    moved = true;
    for (int left = network ? network(true, bytes) : 1; left > 0; --left) FeedServer(bytes);
  }
  return moved;
}

bool DatagramPair::MoveToClient() {
  bool moved = false;
  for (const std::string& bytes : TakeFromServer()) {
    moved = true;
    for (int left = network ? network(false, bytes) : 1; left > 0; --left) FeedClient(bytes);
  }
  return moved;
}

void DatagramPair::Wait(TimeUs time_us, bool run) {
  const TimeUs end_us = now_us_ + time_us;
  while (now_us_ < end_us) {
    now_us_ = std::max(now_us_, std::min({end_us, client_->NextTimeUs(), server_->NextTimeUs()}));
    client_->Advance(now_us_);
    server_->Advance(now_us_);
    run ? Run() : Listen();
  }
}

std::vector<std::string> DatagramPair::TakeFromClient() {
  std::vector<std::string> all;
  for (Datagram datagram; client_->NextDatagram(&datagram);) all.emplace_back(datagram.bytes);
  return all;
}

std::vector<std::string> DatagramPair::TakeFromServer() {
  std::vector<std::string> all;
  for (Datagram datagram; server_->NextDatagram(&datagram);) all.emplace_back(datagram.bytes);
  return all;
}

std::vector<hand::UdpEndFrame> DatagramPair::TakeEnds() {
  std::vector<hand::UdpEndFrame> all;
  for (Datagram datagram; server_->NextDatagram(&datagram);) {
    all.push_back(ReadEnd(datagram.destination, datagram.bytes));
  }
  return all;
}

hand::UdpEndFrame DatagramPair::TakeEnd() {
  const std::vector<hand::UdpEndFrame> all = TakeEnds();
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? hand::UdpEndFrame() : all[0];
}

void DatagramPair::FeedServer(std::string_view datagram, std::string_view source) {
  // Of its own memory, exactly as large, so that a read beyond it or later is found.
  const auto copy = std::make_unique<char[]>(datagram.size());
  std::copy(datagram.begin(), datagram.end(), copy.get());
  server_->Receive(source, {copy.get(), datagram.size()});
  Listen();
}

void DatagramPair::FeedClient(std::string_view datagram) {
  const auto copy = std::make_unique<char[]>(datagram.size());
  std::copy(datagram.begin(), datagram.end(), copy.get());
  client_->Receive({copy.get(), datagram.size()});
  Listen();
}

void DatagramPair::Listen() {
  for (Event event; server_->Next(&event);) {
    if (event.kind == EventKind::kCall) {
      EXPECT_EQ(event.call, server_log_.size() + 1) << "numbers count from 1";
      server_log_.push_back({std::string(event.header->name), std::string(event.body),
                             std::string(server_->SourceOf(event.call)), event.header->call,
                             Copy(event.header->metadata), 0, absl::OkStatus()});
      if (on_call_) on_call_(event.call);
    } else {
      EXPECT_EQ(event.kind, EventKind::kCancelled);
      ++server_log_[event.call - 1].cancels;
      server_log_[event.call - 1].why = event.status;
    }
  }
  for (Event event; client_->Next(&event);) {
    EXPECT_EQ(event.kind, EventKind::kEnd);
    ClientLog& log = client_log_[event.call];
    ++log.ends;
    log.status = event.status;
    log.body = std::string(event.body);
    if (event.header != nullptr) log.trailing = Copy(event.header->metadata);
    log.ended_us = now_us_;
  }
  // It takes a look at every entry.
  if (++turns_ % 256 != 0 && server_->entries() + client_->open_calls() > 20) return;
  client_->CheckInvariants();
  server_->CheckInvariants();
}

}  // namespace rpc::session
