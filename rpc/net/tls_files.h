// Certificates and keys out of PEM files. Every error names the option and the file, and says what
// is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/tls_openssl.h"

namespace rpc::net {

// A file that an option names: `ca_file ca.pem`.
struct TlsFile {
  std::string option = {};
  std::string path = {};
};

// All certificates of a file, one at least, in its order. Other things in it are passed over.
absl::StatusOr<std::vector<Certificate>> ReadCertificates(const TlsFile& file);

// The first key of a file. Never asks for a passphrase: an encrypted one is an error.
absl::StatusOr<PrivateKey> ReadPrivateKey(const TlsFile& file);

// FAILED_PRECONDITION unless each is valid today. `certificates` are those of `file`.
absl::Status CheckValidToday(const TlsFile& file, const std::vector<Certificate>& certificates);

// What OpenSSL says of the last thing that failed on this thread: `key values mismatch`.
std::string OpensslReason();

}  // namespace rpc::net
