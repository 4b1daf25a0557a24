# What bench.proto says, in Cap'n Proto's way: a stream is calls to an object that the client has.
@0xb4c1f2d8a96e7035;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("bench::over_capnp");

interface Sink {
  take @0 (text :Text) -> stream;
}

interface Bench {
  echo @0 (text :Text) -> (text :Text);
  echoData @1 (data :Data) -> (data :Data);
  produce @2 (sink :Sink, count :UInt64, size :UInt32) -> ();
}
