#include "services/files/md5.h"

#include <openssl/crypto.h>

#include <stdexcept>

#include "absl/strings/escaping.h"

namespace files {

Md5::Md5() {
  // As rpc/net does: what OpenSSL would undo at exit may be in use still, on loops' threads.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  context_.reset(EVP_MD_CTX_new());
  Begin();
}

// It fails where the system forbids MD5, as FIPS does, or without memory.
void Md5::Begin() {
  if (EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL gives no MD5 on this system");
  }
}

void Md5::Update(std::string_view piece) {
  EVP_DigestUpdate(context_.get(), piece.data(), piece.size());
}

std::string Md5::Finish() {
  std::string digest(EVP_MD_size(EVP_md5()), '\0');
  EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  Begin();
  return digest;
}

std::string HexOf(std::string_view digest) {
  return absl::BytesToHexString({digest.data(), digest.size()});
}

}  // namespace files
