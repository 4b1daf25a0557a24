// libuv, our frames with their md5, and protobuf messages; no session, no calls, no coroutines:
// what the framework itself costs is the difference to this.
//
// It answers bench.Bench/Echo with messages that it reuses. Its client is that of raw_uv.
#include <uv.h>

#include <span>
#include <string_view>
#include <vector>

#include "rpc/wire/frame_decoder.h"
#include "rpc/wire/frame_encoder.h"
#include "tests/bench/measure/answer.h"
#include "tests/bench/measure/memory.h"
#include "tests/bench/measure/server_options.h"
#include "tests/bench/messages.pb.h"
#include "tests/bench/peers/raw_uv/uv_stream.h"
#include "tests/bench/peers/sockets.h"

namespace bench {
namespace {

using rpc::wire::Frame;
using rpc::wire::FrameDecoder;
using rpc::wire::FrameEncoder;

// What all connections share.
struct Shared {
  rpc::wire::DecodeBuffers decode;
  rpc::wire::EncodeBuffers encode;
  rpc::wire::DecoderLimits limits;
  Blob request;
  Blob reply;
  std::vector<uv_buf_t> output;
  bool md5_waived = false;
};

class Connection final : public UvStream {
 public:
  Connection(uv_stream_t* listener, Shared* shared)
      : UvStream(listener),
        shared_(shared),
        decoder_(&shared->decode, shared->limits),
        encoder_(&shared->encode) {
    encoder_.set_md5(!shared->md5_waived);
  }

 private:
  std::span<char> Space() override { return decoder_.Space(); }

  void OnReceived(std::string_view bytes) override {
    decoder_.Commit(bytes.size());
    const Frame* frame = nullptr;
    for (;;) {
      const FrameDecoder::Event event = decoder_.Next(&frame);
      if (event == FrameDecoder::kNeedMore) break;
      if (event == FrameDecoder::kError) GiveUp("cannot read what came");
      if (event == FrameDecoder::kFrame) Reply(*frame);
    }
    SendOutput();
  }

  void Reply(const Frame& frame) {
    if (frame.check == rpc::wire::BodyCheck::kBad) GiveUp("a body is damaged");
    if (!shared_->request.ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size()))) {
      GiveUp("a body is no Blob");
    }
    shared_->reply.Clear();
    Answer(shared_->request, &shared_->reply);
    rpc::wire::Header header;
    header.kind = rpc::wire::Kind::kEnd;
    header.call = frame.header.call;
    header.flags = rpc::wire::kFlagLast;
    char* const body = encoder_.AppendInPlace(header, shared_->reply.ByteSizeLong());
    shared_->reply.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(body));
  }

  // One write for all replies to what was read.
  void SendOutput() {
    std::vector<uv_buf_t>& output = shared_->output;
    output.clear();
    for (const rpc::wire::Piece& piece : encoder_.Pieces()) {
      output.push_back(uv_buf_init(const_cast<char*>(piece.bytes.data()),
                                   static_cast<unsigned>(piece.bytes.size())));
    }
    if (!output.empty()) Send(output);
    encoder_.Consume(encoder_.size());
  }

  Shared* const shared_;
  FrameDecoder decoder_;
  FrameEncoder encoder_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::ServerOptions options;
  if (const int code = bench::ReadServerOptions(argc, argv, "reference", &options); code >= 0) {
    return code;
  }
  bench::KeepFreedMemory();
  bench::Shared shared;
  shared.limits.body_size_max = static_cast<uint64_t>(options.message_size_max) + 1'024;
  shared.md5_waived = options.md5_waived;
  uv_loop_t* const loop = uv_default_loop();
  loop->data = &shared;
  bench::UvListen(loop, bench::ListenOn(&options.listen, options.congestion),
                  [](uv_stream_t* listener, int status) {
                    auto* const of_all = static_cast<bench::Shared*>(listener->loop->data);
                    if (status == 0) (new bench::Connection(listener, of_all))->Start();
                  });
  bench::SayListening(options.listen);
  bench::UvRun(loop, options.busy_poll_us > 0);
}
