// What an echo does, in every server that has the messages of bench.proto, under whatever name.
#pragma once

namespace bench {

template <typename Blob>
void Answer(const Blob& request, Blob* reply) {
  if (request.data().empty()) {
    reply->set_text(request.text());
  } else {
    reply->set_data(request.data());
  }
}

}  // namespace bench
