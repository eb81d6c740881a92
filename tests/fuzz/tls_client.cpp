// needs: base registry wire crypto x509 trace tls
// Whatever a server sends, the client ends in a Failure, waits, or is connected. Input: a byte of switches, then
// records as type, 16-bit length, content; they are sealed under the server's keys as soon as there are any.
#include "tlsproof/tls/client.h"

#include "tlsproof/crypto/record_protection.h"
#include "tlsproof/trace/trace.h"

using namespace tlsproof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const uint8_t switches = data[0];
  tls::ClientConfig config;
  config.server_name = "server.test";
  config.versions = switches & 1 ? std::vector<uint16_t>{0x0303} : std::vector<uint16_t>{0x0304, 0x0303};
  config.verify_peer_signature = config.verify_peer_finished = (switches & 2) == 0;
  config.alpn = {"h2"};
  config.status_request = config.post_handshake_auth = true;
  SeededRandom random(1);
  ManualClock clock;
  trace::Trace trace(clock);
  trace.begin("", "");
  static tls::Client client;  // used again and again, as its users do
  client.start(config, {.random = &random, .clock = &clock, .sink = &trace});
  crypto::RecordProtection keys;
  size_t num_secrets = 0;
  ParseError error;
  Reader r(ByteView(data, size).subspan(1), error);
  for (uint8_t type = 0; r.u8(type, "type");) {
    ByteView content;
    if (!r.opaque16(content, "content")) content = r.rest();
    Bytes record = {type, 3, 3, static_cast<uint8_t>(content.size() >> 8), static_cast<uint8_t>(content.size())};
    append(record, content);
    for (; num_secrets < trace.secrets().size(); ++num_secrets) {
      const auto& seen = trace.secrets()[num_secrets];
      const auto* suite = crypto::find_suite(client.negotiated().cipher_suite);
      if (seen.label == trace::SecretLabel::server_handshake_traffic_secret ||
          seen.label == trace::SecretLabel::server_traffic_secret_0)
        keys.start_tls13(suite->aead, suite->hash, seen.secret);
    }
    if (keys.active() && type != 20) {
      record.clear();
      keys.seal(type, content, record);
    }
    client.input(record);
    client.consume_output(client.output().size() / 2);
  }
  client.input_end();
  TLSPROOF_CHECK(client.state() == tls::State::failed || client.state() == tls::State::closed);
  TLSPROOF_CHECK((client.failure() == nullptr) == (client.state() == tls::State::closed));
  return 0;
}
