// Our TLS 1.3 and 1.2 client, without I/O: bytes in, bytes and facts out. Honest unless an Editor bends it.
//
//   tls::Client client;
//   client.start(config, {.sink = &trace});
//   loop: send client.output() (see next_segment_len), client.consume_output(n); receive, client.input(bytes);
//         at the end of the stream client.input_end();
//   until client.state() != State::handshaking; then write(), application_data(), close_notify().
//
// The client checks CertificateVerify or ServerKeyExchange and Finished, and that the server keeps to the protocol; it
// does not validate the certificate chain: that is for x509 afterwards, on peer_certificates(). Sources: RFC 8446
// (TLS 1.3), RFC 5246 (TLS 1.2) with RFC 8422 (ECDHE), RFC 5288, 5289, 7905 (suites), RFC 7627 (extended master
// secret), RFC 5746 (renegotiation_info), RFC 5077 (tickets), RFC 7301 (ALPN), RFC 6066 (server_name, status_request).
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "tlsproof/tls/client_config.h"
#include "tlsproof/wire/alert.h"

namespace tlsproof::tls {

enum class State : uint8_t {
  idle,  // start() was not called
  handshaking,
  connected,  // the handshake is complete for us: our Finished is in output() or sent
  closing,    // one side has sent close_notify
  closed,     // both have, or the stream has ended after the handshake
  failed,     // see failure()
};
[[nodiscard]] std::string_view to_string(State state);

struct Failure {
  enum class Kind : uint8_t {
    peer_alert,      // a fatal alert came: `alert` is the peer's
    peer_closed,     // close_notify or the end of the stream before the handshake was complete
    peer_violation,  // the peer broke the protocol, or chose what was not offered
    undecodable,     // `parse_error` says where
    bad_signature,   // CertificateVerify or ServerKeyExchange
    bad_finished,
    bad_record,                    // a protected record that does not authenticate, or no TLS at all
    unsupported_version_answered,  // negotiated().version is what the server chose: it was offered, but we do not speak
                                   // it
    unsupported_parameter,         // the same for a suite or group that was offered by bending
    limit_exceeded,                // ClientLimits
    local_error,                   // no fault of the peer: signing failed, no group to offer
  };
  Kind kind = Kind::local_error;
  uint8_t alert = 0;  // the alert that we sent; peer_alert: the peer's. Meaningless when !has_alert
  bool has_alert = false;
  std::string text;       // one line for a person, escaped: "ServerHello.cipher_suite 0x1301 was not offered"
  std::string_view cite;  // a literal: "RFC 8446 §4.1.3"; empty where there is none
  std::optional<ParseError> parse_error;
  std::optional<uint8_t> handshake_type;  // of the message at fault
};
[[nodiscard]] std::string_view to_string(Failure::Kind kind);

struct Negotiated {
  uint16_t version = 0;  // 0 while unknown, as all of these
  uint16_t cipher_suite = 0;
  uint16_t group = 0;             // 0 too when TLS 1.2 resumes
  uint16_t signature_scheme = 0;  // of the server's CertificateVerify or ServerKeyExchange
  Bytes alpn;                     // empty: none; raw: escape it
  bool resumed = false;
  bool hello_retry_request = false;
  bool extended_master_secret = false;  // TLS 1.2
  bool renegotiation_info = false;      // TLS 1.2: the server's answer was there and right
  bool server_name_acknowledged = false;
  bool ticket_promised = false;      // TLS 1.2: session_ticket in ServerHello
  bool early_data_accepted = false;  // known once EncryptedExtensions came
};

// What the server asked for. Filled anew by each CertificateRequest.
struct CertificateRequestSeen {
  unsigned count = 0;  // 0: none came
  std::vector<uint16_t> signature_schemes;
  std::vector<uint16_t> signature_schemes_cert;  // TLS 1.3
  std::vector<uint8_t> certificate_types;        // TLS 1.2
  ByteList authorities;                          // DistinguishedNames in DER, raw
  Bytes context;                                 // TLS 1.3: certificate_request_context
};

enum class ClientCertificate : uint8_t {
  not_requested,
  empty,  // an empty Certificate was sent: we have none, or none that fits
  sent,
  sent_unfitting,  // sent, and signed by a scheme that the server did not list
};

struct Flight;  // editor.h

// What clients of one thread share so that each of many open connections holds little: decoded messages, buffers that
// stand empty, key exchange objects and the decoded keys of servers. Nothing in it belongs to a connection between two
// calls. It must outlive its clients.
class Workspace {
 public:
  struct Impl;  // for this module's own files

  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

class Client {
 public:
  struct Impl;  // the inside, for this module's own files

  Client();  // with a workspace of its own
  // One of many, without an editor. No client of the workspace may be called from within a call of another one (from a
  // sink, an editor, a random source): that aborts.
  explicit Client(Workspace& workspace);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Forgets any connection before, and queues the ClientHello. `config` and what `setup` names are borrowed until the
  // next start(), reset() or the end. Once the buffers have grown no code of ours allocates.
  void start(const ClientConfig& config, const ClientSetup& setup = {});
  // Back to idle; secrets are wiped, memory is kept.
  void reset();

  // ---- the wire ----
  // Bytes to send. Borrows until this client's next call that is not const. Bytes queued before a failure stay.
  [[nodiscard]] ByteView output() const;
  void consume_output(size_t len);
  // How many bytes of output() to give to one send(): all, unless an editor asked for TCP segments.
  [[nodiscard]] size_t next_segment_len() const;
  // Received bytes, in any portions; all are taken. After a failure they are still deframed, opened where there are
  // keys, and told to the sink; an alert among them is kept.
  void input(ByteView bytes);
  // The peer has ended its stream (FIN or reset).
  void input_end();
  // False when unread application data have reached the limit: stop receiving until some is consumed.
  [[nodiscard]] bool wants_input() const;

  // ---- the connection ----
  [[nodiscard]] State state() const;
  [[nodiscard]] bool handshake_complete() const;  // stays true afterwards
  // Null unless state() is failed. Valid until the next start() or reset().
  [[nodiscard]] const Failure* failure() const;

  // Queues application data. False, and nothing queued, unless connected (or closing by the peer, which in TLS 1.3 may
  // still read).
  bool write(ByteView data);
  // Received and not yet consumed. Borrows until the next call that is not const.
  [[nodiscard]] ByteView application_data() const;
  void consume_application_data(size_t len);
  [[nodiscard]] uint64_t num_application_bytes_received() const;
  // Queues close_notify; nothing can be written after it. Also during the handshake (preceded by user_canceled then).
  void close_notify();
  // TLS 1.3: queues a KeyUpdate and changes our keys. False unless connected with TLS 1.3.
  bool request_key_update(bool ask_peer);
  // Queues an alert as it is; a fatal one ends the connection (failed, local_error).
  void send_alert(uint8_t level, uint8_t description);
  // Queues anything, through the editor's hooks, at any time after start().
  void send(Flight flight);

  // ---- facts ----
  [[nodiscard]] const Negotiated& negotiated() const;
  // ClientSetup::early_data went out. When the handshake is complete and they were not accepted, the server has thrown
  // them away: write() them again.
  [[nodiscard]] bool early_data_offered() const;
  // The server's Certificate message: DER, in its order. Empty when resumed, or not yet received.
  [[nodiscard]] const ByteList& peer_certificates() const;
  // Gives up that memory: whoever has looked at the chain and keeps many connections open.
  void forget_peer_certificates();
  // The OCSPResponse for the leaf (status_request); empty when none came.
  [[nodiscard]] ByteView ocsp_response() const;
  [[nodiscard]] const CertificateRequestSeen& certificate_request() const;
  [[nodiscard]] ClientCertificate client_certificate() const;
  [[nodiscard]] uint16_t client_signature_scheme() const;  // 0: we signed nothing
  // Sessions that the server let us have so far, oldest first.
  [[nodiscard]] std::span<const Session> sessions() const;
  [[nodiscard]] size_t num_sessions_dropped() const;
  // The last alert sent: a fatal one, or close_notify.
  [[nodiscard]] std::optional<wire::Alert> our_alert() const;
  // The first fatal alert received, else the last one at all.
  [[nodiscard]] std::optional<wire::Alert> peer_alert() const;
  [[nodiscard]] bool close_notify_received() const;
  [[nodiscard]] bool end_of_stream() const;  // input_end() was called
  [[nodiscard]] unsigned num_key_updates_received() const;
  // Handshake messages of this type that came from the peer.
  [[nodiscard]] unsigned num_received(uint8_t handshake_type) const;
  [[nodiscard]] const std::array<uint8_t, 32>& client_random() const;  // of the ClientHello as it was sent
  // RFC 8446 §7.5, RFC 5705 §4. False before the handshake is complete.
  [[nodiscard]] bool export_keying_material(std::string_view label, ByteView context, std::span<uint8_t> out) const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof::tls
