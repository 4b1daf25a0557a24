// The MD5 of a file that comes in pieces. It finds bytes that were changed by accident; it is no
// defence against an attacker.
//
//     Md5 md5;
//     md5.Update(piece);
//     std::string digest = md5.Finish();    // 16 bytes
//
// Threads: one at a time.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace files {

class Md5 {
 public:
  Md5();

  void Update(std::string_view piece);
  // Of all pieces so far; as new after that.
  std::string Finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  void Begin();

  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// 0123...cdef.
std::string HexOf(std::string_view digest);

}  // namespace files
