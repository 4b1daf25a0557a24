// What bench.proto says, as far as Thrift can: it has no streams, but requests without an answer.
namespace cpp bench.over_thrift

struct Blob {
  1: string text
  2: binary data
}

service Bench {
  Blob Echo(1: Blob request),
  oneway void Take(1: Blob message),
}
