// A server for tests that does what it is told, right or wrong: TLS 1.3 and 1.2 flights from this project's own parts,
// with a hook at every message. It checks nothing.
#pragma once

#include <functional>

#include "src/tls/record_reader.h"
#include "src/tls/record_writer.h"
#include "src/tls/transcript.h"
#include "tlsproof/crypto/key_schedule12.h"
#include "tlsproof/crypto/key_schedule13.h"
#include "tlsproof/tls/client.h"
#include "tlsproof/wire/ext/all.h"
#include "unit/tls/ssl_peer.h"

namespace tlsproof::tls_test {

class FakeServer;

struct FakeOptions {
  uint16_t version = 0x0304;
  uint16_t suite = 0;  // 0: TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
  uint16_t group = 0x001d;
  crypto::KeyKind key = crypto::KeyKind::p256;
  uint16_t scheme = 0x0403;
  bool ask_certificate = false;
  bool ticket12 = false;                // TLS 1.2: promise a ticket and send one
  std::optional<uint16_t> retry_group;  // TLS 1.3: a HelloRetryRequest first
  bool retry_cookie = false;
  // Each message's struct, and its bytes. `type` is the handshake type.
  std::function<void(uint8_t type, wire::AnyMessage& message)> bend;
  std::function<void(uint8_t type, Bytes& message)> bend_bytes;
  // Called before a message is sent; false leaves it out.
  std::function<bool(FakeServer&, uint8_t type)> before;
  // Called when all of the flight stands.
  std::function<void(FakeServer&)> after_flight;
};

class FakeServer {
 public:
  explicit FakeServer(FakeOptions options);
  void input(ByteView bytes);
  [[nodiscard]] Bytes take_output();

  // For hooks: one more thing on the wire.
  void send_message(uint8_t type, wire::AnyMessage message, wire::Level level);
  void send_record(uint8_t content_type, ByteView content, wire::Level level);
  void send_raw(ByteView bytes) { writer.put_raw(bytes, 0); }
  void send_alert(uint8_t level, uint8_t description, wire::Level at) {
    const uint8_t body[] = {level, description};
    send_record(registry::content_type::alert, body, at);
  }
  // Under application keys once they exist.
  static constexpr wire::Level kApplication = wire::Level::application;

  tls::RecordWriter writer;
  tls::FlightItem how;  // applies to every record sent
  bool coalesce_next = false;
  crypto::KeySchedule13 schedule13;
  std::vector<wire::Alert> alerts;  // from the client
  std::vector<uint8_t> messages;    // handshake types from the client
  Bytes received;                   // application data
  bool finished = false;            // the client's Finished came, and was right
  wire::ClientHello hello;          // the last one

 private:
  void on_message(const wire::HandshakeView& in);
  void on_client_hello();
  void flight13();
  void flight12();
  void finish12();
  void send(uint8_t type, wire::AnyMessage message, wire::Level level);
  void send_certificate(bool tls13);

  FakeOptions options_;
  const crypto::SuiteCrypto* suite_;
  tls::RecordReader reader_;
  Bytes plain_;
  wire::HandshakeAssembler assembler_;
  tls::Transcript transcript_;
  crypto::KeySchedule12 schedule12_;
  std::unique_ptr<crypto::KeyExchange> key_exchange_;
  std::unique_ptr<crypto::Signer> signer_;
  std::array<uint8_t, 32> random_{};
  SecretBytes secret_;
  bool retried_ = false;
};

// Bytes both ways until nothing moves.
void pump(tls::Client& client, FakeServer& server);

}  // namespace tlsproof::tls_test
