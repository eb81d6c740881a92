// The independent witness: libssl talks to libssl in memory, and what passes becomes a Flow, its secrets a key log.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <functional>
#include <memory>
#include <string>

#include "unit/capture/flow_script.h"

namespace tlsproof::capture::testing {

struct PairOptions {
  int min_version = TLS1_3_VERSION;
  int max_version = TLS1_3_VERSION;
  std::string ciphers{};  // OpenSSL's syntax, of TLS 1.2 and below; security level 0 is added
  std::string suites13{};
  std::string client_groups{}, server_groups{};
  bool rsa = false;  // the server's key; otherwise P-256
  std::string alpn{};
  size_t piece_len = 0;     // what is sent is cut into segments of this size; 0: as it comes
  size_t max_fragment = 0;  // of records; 0: as large as they may be
  std::function<void(SSL_CTX* client, SSL_CTX* server)> contexts{};
};

class SslPair {
 public:
  explicit SslPair(const PairOptions& options, bool from_start = true)
      : options_(options), maker(Protocol::tcp, from_start) {
    client_ctx_.reset(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    server_ctx_.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    for (SSL_CTX* ctx : {client_ctx_.get(), server_ctx_.get()}) {
      SSL_CTX_set_security_level(ctx, 0);
      SSL_CTX_set_min_proto_version(ctx, options.min_version);
      SSL_CTX_set_max_proto_version(ctx, options.max_version);
      if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(ctx, (options.ciphers + ":@SECLEVEL=0").c_str());
      if (!options.suites13.empty()) SSL_CTX_set_ciphersuites(ctx, options.suites13.c_str());
      if (options.max_fragment != 0) SSL_CTX_set_max_send_fragment(ctx, static_cast<long>(options.max_fragment));
      SSL_CTX_set_app_data(ctx, this);
    }
    if (!options.client_groups.empty()) SSL_CTX_set1_groups_list(client_ctx_.get(), options.client_groups.c_str());
    if (!options.server_groups.empty()) SSL_CTX_set1_groups_list(server_ctx_.get(), options.server_groups.c_str());
    SSL_CTX_set_keylog_callback(client_ctx_.get(), [](const SSL* ssl, const char* line) {
      static_cast<SslPair*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->key_log += std::string(line) + "\n";
    });
    SSL_CTX_set_dh_auto(server_ctx_.get(), 1);
    make_certificate();
    if (options.contexts) options.contexts(client_ctx_.get(), server_ctx_.get());
    connect();
  }

  // New SSL objects over the same contexts, e.g. to resume `session`; the flow goes on where it was unless it is begun
  // anew.
  void connect(SSL_SESSION* session = nullptr) {
    client.reset(SSL_new(client_ctx_.get()), SSL_free);
    server.reset(SSL_new(server_ctx_.get()), SSL_free);
    for (SSL* ssl : {client.get(), server.get()}) SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    if (!options_.alpn.empty()) {
      std::string wire(1, static_cast<char>(options_.alpn.size()));
      wire += options_.alpn;
      SSL_set_alpn_protos(client.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                          static_cast<unsigned>(wire.size()));
    }
    if (session != nullptr) SSL_set_session(client.get(), session);
  }
  void new_flow() { maker = FlowMaker(); }

  bool handshake() {
    for (int i = 0; i < 20; ++i) {
      SSL_do_handshake(client.get());
      move(Side::a);
      SSL_do_handshake(server.get());
      move(Side::b);
      if (SSL_is_init_finished(client.get()) && SSL_is_init_finished(server.get()) && i > 1) return true;
    }
    return false;
  }
  // What the side says inside, read by the other.
  bool say(Side side, std::string_view text) {
    SSL* from = side == Side::a ? client.get() : server.get();
    size_t written = 0;
    if (SSL_write_ex(from, text.data(), text.size(), &written) != 1 || written != text.size()) return false;
    move(side);
    return read(other(side));
  }
  bool read(Side side) {
    SSL* ssl = side == Side::a ? client.get() : server.get();
    char buffer[32768];
    size_t n = 0;
    bool any = false;
    while (SSL_read_ex(ssl, buffer, sizeof buffer, &n) == 1) any = true;
    move(side);
    return any;
  }
  void close() {
    for (Side side : {Side::a, Side::b}) {
      SSL_shutdown(side == Side::a ? client.get() : server.get());
      move(side);
    }
    read(Side::a);
    read(Side::b);
    maker.fin(Side::a).fin(Side::b);
  }
  void move(Side side) {
    BIO* from = SSL_get_wbio(side == Side::a ? client.get() : server.get());
    BIO* to = SSL_get_rbio(side == Side::a ? server.get() : client.get());
    Bytes bytes(BIO_ctrl_pending(from));
    if (bytes.empty()) return;
    BIO_read(from, bytes.data(), static_cast<int>(bytes.size()));
    maker.says_in_pieces(side, bytes, options_.piece_len == 0 ? bytes.size() : options_.piece_len);
    BIO_write(to, bytes.data(), static_cast<int>(bytes.size()));
  }

 private:
  void make_certificate() {
    // Made once: RSA takes its time.
    static const std::shared_ptr<EVP_PKEY> rsa(EVP_RSA_gen(2048), EVP_PKEY_free),
        ec(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::shared_ptr<EVP_PKEY>& key = options_.rsa ? rsa : ec;
    std::shared_ptr<X509> cert(X509_new(), X509_free);
    X509_set_version(cert.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
    X509_NAME* name = X509_get_subject_name(cert.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("server.test"), -1, -1,
                               0);
    X509_set_issuer_name(cert.get(), name);
    X509_set_pubkey(cert.get(), key.get());
    X509_sign(cert.get(), key.get(), EVP_sha256());
    SSL_CTX_use_certificate(server_ctx_.get(), cert.get());
    SSL_CTX_use_PrivateKey(server_ctx_.get(), key.get());
  }

  PairOptions options_;
  std::shared_ptr<SSL_CTX> client_ctx_, server_ctx_;

 public:
  FlowMaker maker;
  std::shared_ptr<SSL> client, server;
  std::string key_log;
};

}  // namespace tlsproof::capture::testing
