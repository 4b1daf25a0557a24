// Certificates for servers and channels: rpc/net/tls.h.
#pragma once

#include "rpc/net/tls.h"

namespace rpc {

using net::Tls;
using net::TlsOptions;

}  // namespace rpc
