// Owners of libcrypto's certificate objects, inside this module only.
#pragma once

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "tlsproof/base/bytes.h"
#include "tlsproof/crypto/openssl.h"

namespace tlsproof::pki {

template <auto Free>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, Releaser<Free>>;

using X509Ptr = Handle<X509, X509_free>;
using X509NamePtr = Handle<X509_NAME, X509_NAME_free>;
using X509ReqPtr = Handle<X509_REQ, X509_REQ_free>;
using X509ExtensionPtr = Handle<X509_EXTENSION, X509_EXTENSION_free>;
using GeneralNamePtr = Handle<GENERAL_NAME, GENERAL_NAME_free>;
using GeneralNamesPtr = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;
using Asn1ObjectPtr = Handle<ASN1_OBJECT, ASN1_OBJECT_free>;
using Asn1StringPtr = Handle<ASN1_STRING, ASN1_STRING_free>;
using BigNumPtr = Handle<BIGNUM, BN_free>;

// The bytes of i2d_X (whose object is const in some versions' headers and not in others).
template <auto Encode, class T>
Bytes to_der(T* object) {
  const int len = Encode(object, nullptr);
  if (len <= 0) return {};
  Bytes out(static_cast<size_t>(len));
  uint8_t* at = out.data();
  Encode(object, &at);
  return out;
}

// One certificate and nothing behind it; null otherwise, with libcrypto's queue emptied.
inline X509Ptr parse_x509(ByteView der) {
  const uint8_t* at = der.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate && at != der.data() + der.size()) certificate.reset();
  crypto::clear_openssl_errors();
  return certificate;
}

}  // namespace tlsproof::pki
