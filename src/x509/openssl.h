// Owners of libcrypto's objects and its error queue; this module's own.
#pragma once

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <vector>

#include "tlsproof/x509/anchors.h"

namespace tlsproof::x509 {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
inline void free_crl_stack(STACK_OF(X509_CRL) * stack) {
  sk_X509_CRL_pop_free(stack, X509_CRL_free);
}
inline void free_x509_stack(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
inline void free_x509_list(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}

using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using NamePtr = std::unique_ptr<X509_NAME, FreeWith<X509_NAME_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using CrlStackPtr = std::unique_ptr<STACK_OF(X509_CRL), FreeWith<free_crl_stack>>;
using X509StackPtr = std::unique_ptr<STACK_OF(X509), FreeWith<free_x509_stack>>;  // owns its elements
using X509ListPtr = std::unique_ptr<STACK_OF(X509), FreeWith<free_x509_list>>;    // borrows them

// The first reason in the queue ("wrong tag"), or empty; the queue is empty afterwards.
std::string drain_errors();
// nullptr when libcrypto cannot read it; the reason is left in the queue.
X509Ptr to_x509(ByteView der);
Certificate from_x509(X509* certificate);

struct TrustAnchors::Impl {
  StorePtr store;  // never null; its own lock makes lookups safe from several threads
  std::vector<Certificate> certificates;
  std::string description;
};

}  // namespace tlsproof::x509
