// Many connections on one set of buffers, in random turns: frames of all sizes and forms, written
// and read in parts, dropped, and connections that go away at any time.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rpc/wire/frame_decoder.h"
#include "rpc/wire/frame_encoder.h"

namespace rpc::wire {
namespace {

constexpr size_t kBodySizeMax = 100'000;

struct Sent {
  uint64_t call;
  std::string name;
  std::string body;
};

class Stress {
 public:
  explicit Stress(uint64_t seed) : random_(seed), decode_(1 + Below(8) * Below(40'000)) {
    for (size_t i = 1 + Below(25); i > 0; --i) links_.push_back(std::make_unique<Link>(this));
  }

  void Run(int steps) {
    for (; steps > 0; --steps) {
      std::unique_ptr<Link>& link = links_[Below(links_.size())];
      const size_t choice = Below(40);
      if (choice == 0) {
        link = std::make_unique<Link>(this);
      } else if (choice < 15) {
        Write(*link);
      } else if (choice < 25) {
        Send(*link);
      } else if (!Receive(*link)) {
        link = std::make_unique<Link>(this);  // with a batch half read
      }
    }
  }

  size_t frames() const { return frames_; }
  size_t drops() const { return drops_; }

 private:
  struct Link {
    explicit Link(Stress* s) : encoder(&s->encode_), decoder(&s->decode_, kLimits) {}
    static constexpr DecoderLimits kLimits = {.body_size_max = kBodySizeMax};
    FrameEncoder encoder;
    FrameDecoder decoder;
    std::deque<Sent> sent;
    std::string wire;
  };

  size_t Below(size_t n) { return random_() % n; }

  size_t BodySize() {
    switch (Below(8)) {
      case 0:
        return 0;
      case 1:
        return 4090 + Below(12);
      case 2:
        return 65'400 + Below(300);
      case 3:
        return Below(10) == 0 ? Below(400'000) : Below(100);
      default:
        return Below(300);
    }
  }

  void Write(Link& link) {
    for (size_t n = Below(50) == 0 ? 300 : 1 + Below(4); n > 0; --n) {
      Sent sent = {1 + Below(1000), std::string(1 + Below(30), 'n'), std::string(BodySize(), ' ')};
      for (char& c : sent.body) c = static_cast<char>('a' + sent.call % 26);
      Header header;
      header.call = sent.call;
      header.name = sent.name;
      header.form = Below(4) == 0 ? Form::kJson : Form::kBinary;
      if (Below(3) == 0) {
        auto owner = std::make_shared<const std::string>(sent.body);
        link.encoder.AppendShared(header, *owner, owner);
      } else if (header.form == Form::kBinary && Below(2) == 0) {
        char* room = link.encoder.AppendInPlace(header, sent.body.size());
        std::copy(sent.body.begin(), sent.body.end(), room);
      } else {
        link.encoder.Append(header, std::string(sent.body));
      }
      link.sent.push_back(std::move(sent));
    }
  }

  void Send(Link& link) {
    const size_t size = Below(link.encoder.size() + 1);
    for (const Piece& piece : link.encoder.Pieces()) link.wire += piece.bytes;
    link.wire.resize(link.wire.size() - (link.encoder.size() - size));
    link.encoder.Consume(size);
  }

  // False when the link is to be given up in the middle of its batch.
  bool Receive(Link& link) {
    const std::span<char> space = link.decoder.Space();
    const size_t size = std::min(space.size(), Below(link.wire.size() + 1));
    std::memcpy(space.data(), link.wire.data(), size);
    link.wire.erase(0, size);
    link.decoder.Commit(size);
    for (const Frame* frame;;) {
      if (Below(200) == 0) return false;
      const FrameDecoder::Event event = link.decoder.Next(&frame);
      if (event == FrameDecoder::kNeedMore) return true;
      EXPECT_NE(event, FrameDecoder::kError) << link.decoder.error();
      const Sent& sent = link.sent.front();
      EXPECT_EQ(frame->header.call, sent.call);
      EXPECT_EQ(frame->header.name, sent.name);
      if (event == FrameDecoder::kHeader && Below(3) > 0) continue;
      if (event == FrameDecoder::kHeader) {
        link.decoder.Drop();
        ++drops_;
      } else if (sent.body.size() > kBodySizeMax) {
        EXPECT_EQ(frame->check, BodyCheck::kUnread);
      } else {
        EXPECT_EQ(frame->check, BodyCheck::kGood);
        EXPECT_TRUE(frame->body == sent.body);
      }
      ++frames_;
      link.sent.pop_front();
    }
  }

  std::mt19937_64 random_;
  EncodeBuffers encode_;
  DecodeBuffers decode_;
  std::vector<std::unique_ptr<Link>> links_;
  size_t frames_ = 0;
  size_t drops_ = 0;
};

TEST(FrameStress, ManyConnectionsOnOneSetOfBuffersKeepApart) {
  size_t frames = 0;
  size_t drops = 0;
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    Stress stress(seed);
    stress.Run(200);
    if (HasFailure()) FAIL() << "seed " << seed;
    frames += stress.frames();
    drops += stress.drops();
  }
  EXPECT_GT(frames, 1000u);
  EXPECT_GT(drops, 5u);
}

TEST(FrameStress, DroppingManyLargeBodiesAtOnceTouchesNoFreedMemory) {
  DecodeBuffers buffers;
  for (int i = 0; i < 20; ++i) {
    FrameDecoder decoder(&buffers);
    const std::string start("\0\0\0\x06\x18\x80\x80\x40\x28\x01", 10);  // size 1 MiB, call 1
    const Frame* frame;
    for (const std::string& bytes : {start, std::string(decoder.Space().size(), 'x')}) {
      std::memcpy(decoder.Space().data(), bytes.data(), bytes.size());
      decoder.Commit(bytes.size());
      while (decoder.Next(&frame) == FrameDecoder::kHeader) continue;
    }
    decoder.Space()[0] = 'x';
    decoder.Commit(1);
    EXPECT_EQ(decoder.Next(&frame), FrameDecoder::kNeedMore);
  }
  std::vector<std::unique_ptr<FrameDecoder>> decoders;
  for (int i = 0; i < 20; ++i) {
    decoders.push_back(std::make_unique<FrameDecoder>(&buffers));
    const std::string bytes("\0\0\0\x06\x18\x80\x80\x40\x28\x01xyz", 13);
    std::memcpy(decoders[i]->Space().data(), bytes.data(), bytes.size());
    decoders[i]->Commit(bytes.size());
    const Frame* frame;
    ASSERT_EQ(decoders[i]->Next(&frame), FrameDecoder::kHeader);
    decoders[i]->Drop();
    ASSERT_EQ(decoders[i]->Next(&frame), FrameDecoder::kNeedMore);
    EXPECT_EQ(decoders[i]->memory_size(), 0u);
  }
}

// Bytes of the heap in use; 0 under a sanitizer, whose own heap doesn't tell.
size_t HeapSize() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

TEST(FrameStress, AnEncoderThatIsNeverEmptyDoesNotGrow) {
  EncodeBuffers buffers;
  FrameEncoder encoder(&buffers);
  FrameEncoder other(&buffers);  // keeps the pieces of the first from growing together
  Header header;
  header.call = 1;
  encoder.Append(header, "first");
  const size_t before = HeapSize();
  for (int i = 0; i < 100'000; ++i) {
    encoder.Append(header, "again");
    other.Append(header, "x");
    (void)encoder.Pieces();
    encoder.Consume(encoder.size() - 5);
    other.Consume(other.size());
  }
  EXPECT_LT(HeapSize(), before + (1 << 20));
}

TEST(FrameStress, HeadersFullOfEntriesHoldNoMemoryAfterTheirBatch) {
  std::string record;
  while (record.size() + 4 <= 65'536) record.append("\x52\0\x5a\0", 4);  // metadata, details
  const std::string frame_bytes = std::string("\0\1\0\0", 4) + record;
  DecodeBuffers buffers(8 << 20);
  FrameDecoder decoder(&buffers);
  const size_t before = HeapSize();
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += frame_bytes;
  std::memcpy(decoder.Space().data(), bytes.data(), bytes.size());
  decoder.Commit(bytes.size());
  const Frame* frame;
  int frames = 0;
  while (decoder.Next(&frame) == FrameDecoder::kFrame) ++frames;
  EXPECT_EQ(frames, 100);
  std::string().swap(bytes);  // assigning would keep its memory
  EXPECT_LT(HeapSize(), before + (8 << 20));
}

}  // namespace
}  // namespace rpc::wire
