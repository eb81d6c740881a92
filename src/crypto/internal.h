// What the files of this module share: owners for libcrypto's objects, and its algorithms, fetched once a process.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>

#include <memory>

#include "tlsproof/crypto/hash.h"
#include "tlsproof/crypto/suites.h"

namespace tlsproof::crypto {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

using PkeyPtr = Owned<EVP_PKEY, EVP_PKEY_free>;
using PkeyCtxPtr = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using MdCtxPtr = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using CipherCtxPtr = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using BioPtr = Owned<BIO, BIO_free_all>;
using BnPtr = Owned<BIGNUM, BN_free>;
using BnCtxPtr = Owned<BN_CTX, BN_CTX_free>;

// Fetched at the first use and never freed: a fetch by name takes locks and costs more than many a hash.
[[nodiscard]] const EVP_MD* evp_md(HashAlgorithm hash);
[[nodiscard]] const EVP_CIPHER* evp_cipher(Aead aead);

// p of an RFC 7919 group ("ffdhe2048"); the generator is 2.
[[nodiscard]] BnPtr ffdhe_prime(const char* name);

}  // namespace tlsproof::crypto
