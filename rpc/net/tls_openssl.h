// OpenSSL's objects with owners. Included only by the sources of rpc/net/tls_* and by tests.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace rpc::net {

// Before anything else of OpenSSL's is used. It does not clean up when the program ends: loops that
// end after that, on threads of their own, use it still.
inline void InitOpenssl() { OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr); }

template <auto kFree>
struct OpensslFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

template <typename T, auto kFree>
using OpensslOwner = std::unique_ptr<T, OpensslFree<kFree>>;

using Bio = OpensslOwner<BIO, BIO_free>;
using Certificate = OpensslOwner<X509, X509_free>;
using GeneralNames = OpensslOwner<GENERAL_NAMES, GENERAL_NAMES_free>;
using PrivateKey = OpensslOwner<EVP_PKEY, EVP_PKEY_free>;
using Ssl = OpensslOwner<SSL, SSL_free>;
using SslContext = OpensslOwner<SSL_CTX, SSL_CTX_free>;
using SslSession = OpensslOwner<SSL_SESSION, SSL_SESSION_free>;

}  // namespace rpc::net
