// Times the byte layer, each part against OpenSSL or the generated class in the same run, and says
// at the end what the ratios are beside what is expected of them.
//
//     ./bazelw run -c opt //tests/bench:wire_benchmark
#include <benchmark/benchmark.h>
#include <openssl/md5.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "rpc/wire/frame_decoder.h"
#include "rpc/wire/frame_encoder.h"
#include "rpc/wire/header.pb.h"
#include "rpc/wire/header_codec.h"
#include "rpc/wire/md5.h"

namespace rpc::wire {
namespace {

Header UnaryCall() {
  Header header;
  header.md5 = "0123456789abcdef";
  header.name = "echo.Echo/Say";
  header.size = 66;
  header.call = 1000;
  header.flags = kFlagLast;
  header.timeout_us = 10'000'000;
  return header;
}

void HeaderEncodeDecode(benchmark::State& state) {
  Header header = UnaryCall();
  Header decoded;
  char record[128];
  for (auto _ : state) {
    const size_t size = EncodedHeaderSize(header);
    EncodeHeader(header, record);
    benchmark::DoNotOptimize(record);
    bool ok = DecodeHeader({record, size}, &decoded).ok();
    benchmark::DoNotOptimize(ok);
    benchmark::DoNotOptimize(decoded);
  }
}

void HeaderEncodeDecodeGenerated(benchmark::State& state) {
  HeaderRecord header;
  header.set_md5("0123456789abcdef");
  header.set_name("echo.Echo/Say");
  header.set_size(66);
  header.set_call(1000);
  header.set_flags(kFlagLast);
  header.set_timeout_us(10'000'000);
  HeaderRecord decoded;
  char record[128];
  for (auto _ : state) {
    const size_t size = header.ByteSizeLong();
    header.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(record));
    benchmark::DoNotOptimize(record);
    bool ok = decoded.ParseFromArray(record, static_cast<int>(size));
    benchmark::DoNotOptimize(ok);
  }
}

// Bodies to hash: `count` of `size` bytes, or of random sizes up to -size.
struct Bodies {
  Bodies(int count, int size) : digests(count) {
    std::mt19937 random(1);
    for (int i = 0; i < count; ++i) {
      bodies.emplace_back(size >= 0 ? size : random() % (1 - size), 'x');
      bytes += bodies.back().size();
    }
    for (int i = 0; i < count; ++i) {
      jobs.push_back({bodies[i].data(), bodies[i].size(), digests[i].data()});
    }
  }
  std::vector<std::string> bodies;
  std::vector<Md5Digest> digests;
  std::vector<Md5Job> jobs;
  size_t bytes = 0;
};

void Report(benchmark::State& state, const Bodies& bodies) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bodies.bytes));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * bodies.jobs.size()));
}

void Md5InLanes(benchmark::State& state, Md5Backend backend) {
  if (!Md5Supports(backend)) return state.SkipWithError("not on this machine");
  Bodies bodies(state.range(0), state.range(1));
  for (auto _ : state) {
    Md5BatchWith(backend, bodies.jobs);
    benchmark::DoNotOptimize(bodies.digests.data());
    benchmark::ClobberMemory();
  }
  Report(state, bodies);
}
void Md5Batch512(benchmark::State& state) { Md5InLanes(state, Md5Backend::kAvx512); }
void Md5Batch2(benchmark::State& state) { Md5InLanes(state, Md5Backend::kAvx2); }
void Md5BatchPortable(benchmark::State& state) { Md5InLanes(state, Md5Backend::kPortable); }

// The fastest that OpenSSL offers: one body after the other, by its low-level functions.
void Md5OpenSsl(benchmark::State& state) {
  Bodies bodies(state.range(0), state.range(1));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  for (auto _ : state) {
    for (const Md5Job& job : bodies.jobs) {
      MD5_CTX context;
      MD5_Init(&context);
      MD5_Update(&context, job.data, job.size);
      MD5_Final(job.digest, &context);
    }
    benchmark::ClobberMemory();
  }
#pragma GCC diagnostic pop
  Report(state, bodies);
}

// 64 unary calls, from headers and bodies to bytes and back, md5 and all.
void FramesThereAndBack(benchmark::State& state) {
  constexpr int kFrames = 64;
  const std::string body(state.range(0), 'b');
  EncodeBuffers encode_buffers;
  DecodeBuffers decode_buffers(8 << 20);
  FrameEncoder encoder(&encode_buffers);
  FrameDecoder decoder(&decode_buffers);
  Header header = UnaryCall();
  for (auto _ : state) {
    for (int i = 0; i < kFrames; ++i) {
      header.call = i + 1;
      encoder.Append(header, body);
    }
    size_t size = 0;
    for (const Piece& piece : encoder.Pieces()) {
      std::memcpy(decoder.Space().data() + size, piece.bytes.data(), piece.bytes.size());
      size += piece.bytes.size();
    }
    encoder.Consume(size);
    decoder.Commit(size);
    const Frame* frame;
    int good = 0;
    while (decoder.Next(&frame) == FrameDecoder::kFrame) good += frame->check == BodyCheck::kGood;
    if (good != kFrames) state.SkipWithError("a frame was lost");
  }
  state.SetItemsProcessed(state.iterations() * kFrames);
  state.SetBytesProcessed(state.iterations() * kFrames * state.range(0));
}

// Prints as usual, and remembers the times for the table at the end.
class Reporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (!run.error_occurred) times_ns_[run.benchmark_name()] = run.GetAdjustedCPUTime();
    }
    ConsoleReporter::ReportRuns(runs);
  }

  // How many times as fast as `base` `ours` was; 0 when one of them did not run.
  double Ratio(const std::string& ours, const std::string& base) const {
    const auto a = times_ns_.find(ours);
    const auto b = times_ns_.find(base);
    return a == times_ns_.end() || b == times_ns_.end() ? 0 : b->second / a->second;
  }
  double TimeNs(const std::string& name) const {
    const auto found = times_ns_.find(name);
    return found == times_ns_.end() ? 0 : found->second;
  }

 private:
  std::map<std::string, double> times_ns_;
};

void PrintRatio(const char* what, double ratio, double bar) {
  if (ratio == 0) {
    std::printf("  %-58s not on this machine\n", what);
  } else {
    std::printf("  %-58s %6.1f x   expected >= %.1f x: %s\n", what, ratio, bar,
                ratio >= bar ? "met" : "MISSED");
  }
}

const char* LanesOf(Md5Backend backend) {
  switch (backend) {
    case Md5Backend::kAvx512:
      return "16, AVX-512";
    case Md5Backend::kAvx2:
      return "8, AVX2";
    case Md5Backend::kPortable:
      return "none, portable code";
  }
  return "";
}

void PrintTable(const Reporter& times) {
  const double header_ns = times.TimeNs("HeaderEncodeDecode");
  std::printf("\nThe byte layer beside its bars (this machine's lanes: %s):\n", LanesOf(Md5Best()));
  std::printf("  %-58s %6.1f ns  expected <= 60 ns: %s\n",
              "header of a unary CALL, encode + decode", header_ns,
              header_ns <= 60 ? "met" : "MISSED");
  PrintRatio("the same against the generated class",
             times.Ratio("HeaderEncodeDecode", "HeaderEncodeDecodeGenerated"), 1);
  PrintRatio("64 bodies of 32 bytes, AVX-512, against OpenSSL",
             times.Ratio("Md5Batch512/64/32", "Md5OpenSsl/64/32"), 5);
  PrintRatio("64 bodies of 32 bytes, AVX2, against OpenSSL",
             times.Ratio("Md5Batch2/64/32", "Md5OpenSsl/64/32"), 2);
  PrintRatio("64 bodies of 0 to 300 bytes, AVX-512, against OpenSSL",
             times.Ratio("Md5Batch512/64/-300", "Md5OpenSsl/64/-300"), 3);
  PrintRatio("16 fragments of 64 KiB, AVX-512, against OpenSSL",
             times.Ratio("Md5Batch512/16/65536", "Md5OpenSsl/16/65536"), 6);
  PrintRatio("16 fragments of 64 KiB, AVX2, against OpenSSL",
             times.Ratio("Md5Batch2/16/65536", "Md5OpenSsl/16/65536"), 3);
}

void Sizes(benchmark::internal::Benchmark* b) {
  b->Args({64, 32})->Args({64, 66})->Args({64, -300})->Args({16, 65536})->Args({1, 32});
}

BENCHMARK(HeaderEncodeDecode);
BENCHMARK(HeaderEncodeDecodeGenerated);
BENCHMARK(Md5OpenSsl)->Apply(Sizes);
BENCHMARK(Md5Batch512)->Apply(Sizes);
BENCHMARK(Md5Batch2)->Apply(Sizes);
BENCHMARK(Md5BatchPortable)->Apply(Sizes);
BENCHMARK(FramesThereAndBack)->Arg(66)->Arg(65536);

}  // namespace
}  // namespace rpc::wire

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  rpc::wire::Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  rpc::wire::PrintTable(reporter);
}
