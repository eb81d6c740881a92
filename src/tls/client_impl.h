// The client's inside, shared by the files that implement it: client.cpp (life cycle and input), client_machine.cpp
// (which message may come when), client_hello.cpp, client_server_hello.cpp, client_tls13.cpp, client_tls12.cpp,
// client_auth.cpp, client_flight.cpp.
#pragma once

#include "record_reader.h"
#include "record_writer.h"
#include "tlsproof/crypto/key_schedule12.h"
#include "tlsproof/crypto/key_schedule13.h"
#include "transcript.h"
#include "workspace.h"

namespace tlsproof::tls {

// RFC 8446 appendix A.1 (START is state idle) and RFC 5246 §7.3 with RFC 5077 §3.1 and RFC 6066 §8.
enum class Expecting : uint8_t {
  server_hello,
  // TLS 1.3
  encrypted_extensions,
  certificate_or_request,
  certificate,
  certificate_verify,
  finished,
  post_handshake,
  // TLS 1.2
  certificate12,
  status_or_key_exchange12,
  key_exchange12,
  request_or_done12,
  done12,
  ticket12,
  change_cipher_spec12,
  finished12,
  post_handshake12,
};
// "ServerHello", "Certificate or CertificateRequest".
[[nodiscard]] std::string_view to_string(Expecting expecting);

// A handshake message that came.
struct Incoming {
  uint8_t type = 0;
  unsigned occurrence = 0;
  ByteView body, raw;
};

// How many messages of each handshake type there were. Types that the RFCs know have their place.
class TypeCounts {
 public:
  [[nodiscard]] unsigned get(uint8_t type) const {
    if (type < few_.size()) return few_[type];
    for (const auto& [known, count] : others_)
      if (known == type) return count;
    return 0;
  }
  unsigned add(uint8_t type) {
    if (type < few_.size()) return ++few_[type];
    for (auto& [known, count] : others_)
      if (known == type) return ++count;
    others_.emplace_back(type, 1);
    return 1;
  }
  void clear() {
    few_.fill(0);
    others_.clear();
  }

 private:
  std::array<unsigned, 26> few_{};
  std::vector<std::pair<uint8_t, unsigned>> others_;
};

struct Client::Impl {
  explicit Impl(Workspace* workspace);  // null: one of its own
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  std::unique_ptr<Workspace> own;
  Workspace::Impl& ws;

  // A call from outside: the workspace is this client's as long as it lasts.
  class Turn {
   public:
    explicit Turn(Impl& impl);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Impl& impl_;
    bool outer_;
  };
  [[nodiscard]] bool shared() const { return own == nullptr; }

  // ---- borrowed for the connection ----
  const ClientConfig* config = nullptr;
  ClientSetup setup;
  RandomSource* random = nullptr;

  // ---- where we are ----
  State state = State::idle;
  Expecting expecting = Expecting::server_hello;
  bool complete = false;
  bool write_closed = false;  // we have sent close_notify or a fatal alert, or may not send any more
  bool read_closed = false;   // close_notify came: RFC 8446 §6.1, what follows is ignored
  bool ended = false;         // the stream has ended
  bool unreadable = false;    // the stream cannot be cut into records any more
  std::optional<Failure> failure;
  Negotiated negotiated;
  std::optional<wire::Alert> our_alert, peer_alert;
  bool peer_alert_fatal = false;

  // ---- record layer ----
  RecordReader reader;
  RecordWriter writer;
  wire::HandshakeAssembler assembler;
  wire::Level write_level = wire::Level::initial;  // of what we send now
  uint16_t record_version = 0x0303;                // of plain records
  Bytes app_data;
  size_t app_data_begin = 0;
  uint64_t app_data_received = 0;
  ByteView writing;  // what write() was given, while its flight goes out

  // ---- counters against floods ----
  size_t handshake_bytes = 0;
  unsigned empty_records = 0, ignored_ccs = 0, warnings = 0, post_handshake_messages = 0, key_updates_received = 0;
  TypeCounts num_received, num_sent;

  // ---- what was offered, and chosen, as far as it is asked for after the call in which it passed ----
  Bytes hello_bytes;                        // the ClientHello as it went out; only with a shared workspace
  std::array<uint8_t, 32> client_random{};  // of it
  bool offers_tls13 = false;
  bool offers_older = false;         // than TLS 1.3
  uint16_t psk_identity = 0;         // which one the server chose
  bool psk_offered = false;          // setup.resume as a TLS 1.3 PSK
  bool early_data_offered = false;   // and setup.early_data with it
  bool early_data_answered = false;  // EncryptedExtensions has early_data
  struct Share {
    uint16_t group = 0;
    crypto::KeyExchange* key = nullptr;
    std::unique_ptr<crypto::KeyExchange> owned;  // null: the provider's
  };
  std::vector<Share> shares;
  std::array<uint8_t, 32> server_random{};
  Bytes session_id12;            // TLS 1.2: what ServerHello calls the session
  bool status_promised = false;  // TLS 1.2: status_request in ServerHello
  Bytes server_share12;          // TLS 1.2: of ServerKeyExchange
  wire::NewSessionTicket12 ticket12;
  ByteList certificates;
  Bytes ocsp;

  // ---- keys ----
  const crypto::SuiteCrypto* suite = nullptr;
  Transcript transcript;
  crypto::KeySchedule13 schedule13;
  std::unique_ptr<crypto::KeySchedule13> psk_schedule;  // of the offered PSK: binders and early data
  crypto::KeySchedule12 schedule12;
  SecretBytes shared_secret;  // TLS 1.2: the premaster secret
  bool keys12_ready = false;
  crypto::KeyBlock12 keys12;  // then: borrows from schedule12
  std::shared_ptr<PeerKey> peer_key;

  // ---- client authentication ----
  CertificateRequestSeen request;
  ClientCertificate client_certificate = ClientCertificate::not_requested;
  uint16_t client_scheme = 0;     // what we sign with
  bool send_client_cert = false;  // the Certificate to be made is not empty
  bool post_handshake_auth_now = false;

  // ---- tickets ----
  std::vector<Session> sessions;
  size_t num_sessions = 0, sessions_dropped = 0;
  bool have_ticket12 = false;

  // ---- sending ----
  bool sent_ccs = false;
  bool answered = false;                             // the handler has sent its flight itself
  std::vector<std::pair<uint8_t, Bytes>> last_sent;  // only kept for an editor
  const Incoming* current = nullptr;                 // the message being handled

  // ---- client.cpp ----
  void start(const ClientConfig& config, const ClientSetup& setup);
  void clear();
  void input(ByteView bytes);
  bool next_record();
  bool handle_record(const RecordIn& record);
  bool handle_record_after_end(const RecordIn& record);
  bool handle_fragment(const RecordIn& record);
  bool handle_alert(const RecordIn& record);
  bool handle_change_cipher_spec(const RecordIn& record);
  bool handle_application_data(const RecordIn& record);
  bool count_empty(const RecordIn& record);
  void end_of_stream();
  void note_peer_alert(wire::Alert alert);
  // Nothing is negotiated yet, and TLS 1.3 is all that was offered.
  [[nodiscard]] bool only_tls13_offered() const;
  [[nodiscard]] bool is13() const { return negotiated.version == registry::version::TLS1_3; }
  [[nodiscard]] Share take_share(uint16_t group);  // without a key: the group is not available
  void give_back(Share& share);
  void give_back_shares();
  void tell_secret(trace::SecretLabel label, ByteView secret);

  // ---- client_failure.cpp: all return false ----
  bool fail(Failure::Kind kind, std::optional<uint8_t> alert, std::string_view cite, std::string text);
  bool violation(uint8_t alert, std::string_view cite, std::string text);
  bool undecodable(const ParseError& error);
  bool fail_record(RecordReader::Next what, const RecordIn& record);

  // ---- client_machine.cpp ----
  bool dispatch(const Incoming& in);
  bool dispatch_change_cipher_spec();
  bool step(uint16_t event, const Incoming& in);
  bool on_hello_request();

  // ---- client_hello.cpp ----
  bool build_client_hello();
  void add_extensions();
  void add_key_shares();
  void add_early_data();
  void add_pre_shared_key();
  void add_grease();
  bool rebuild_after_retry(std::optional<uint16_t> group, std::optional<ByteView> cookie);
  bool make_client_hello(unsigned occurrence);
  void patch_binder();
  void note_offer();
  void read_offer();
  void recall_offer();
  [[nodiscard]] bool offered(uint16_t extension) const { return ws.hello.extensions.has(extension); }
  void after_client_hello();
  [[nodiscard]] bool usable_suite(uint16_t value) const;

  // ---- client_server_hello.cpp ----
  bool on_server_hello(const Incoming& in);
  bool choose_version();
  bool check_suite();
  bool on_hello_retry_request(const Incoming& in);
  bool on_server_hello13(const Incoming& in);
  bool on_server_hello12(const Incoming& in);
  bool read_server_extensions12();
  bool check_resumption12();
  // `what` names the message; `responses`: each must have been offered.
  bool check_extensions(const wire::ExtensionList& list, wire::ExtensionPlace place, std::string_view what,
                        bool responses);
  bool take_alpn(const wire::ExtensionList& list);

  // ---- client_tls13.cpp ----
  bool on_encrypted_extensions(const Incoming& in);
  bool take_early_data_answer();
  bool on_certificate_request13(const Incoming& in);
  bool on_certificate13(const Incoming& in);
  bool on_certificate_verify13(const Incoming& in);
  bool on_finished13(const Incoming& in);
  bool on_new_session_ticket13(const Incoming& in);
  bool on_key_update(const Incoming& in);
  bool on_post_handshake_request(const Incoming& in);
  void start_early_keys();
  void update_write_keys();

  // ---- client_tls12.cpp ----
  bool on_certificate12(const Incoming& in);
  bool on_certificate_status12(const Incoming& in);
  bool on_server_key_exchange12(const Incoming& in);
  bool on_certificate_request12(const Incoming& in);
  bool on_server_hello_done12(const Incoming& in);
  bool on_new_session_ticket12(const Incoming& in);
  bool on_change_cipher_spec12(const Incoming& in);
  bool on_finished12(const Incoming& in);
  bool ensure_keys12();
  void keep_session12();

  // ---- client_auth.cpp ----
  bool take_leaf(ByteView der);
  bool verify_peer(uint16_t scheme, crypto::SchemeRules rules, ByteView data, ByteView signature,
                   std::string_view what);
  void choose_client_certificate(crypto::SchemeRules rules);
  bool make_certificate(unsigned occurrence);
  bool make_certificate_verify(unsigned occurrence);
  bool make_finished(unsigned occurrence);
  Session* new_session();

  // ---- client_flight.cpp ----
  FlightItem& plan_message(uint8_t type, wire::Level level);
  FlightItem& plan_item(FlightItem::Kind kind, wire::Level level);
  void plan_compatibility_ccs();
  bool send_plan(Flight::Trigger trigger, uint8_t type = 0, unsigned occurrence = 0);
  bool run(Flight& flight);
  bool run_item(Flight& flight, size_t i);
  void after_item(const FlightItem& item);
  bool make_handshake(const FlightItem& item, unsigned occurrence);
  bool put_item(Flight& flight, size_t i, ByteView content);
  void flush_group(Flight& flight);
  void tell_item(const FlightItem& item, ByteView content, ByteRange stream);
  template <class T>
  bool encode_hooked(T& what, unsigned occurrence);
  bool send_alert_item(uint8_t level, uint8_t description, Flight::Trigger trigger);

  template <class T>
  bool decode_into(const Incoming& in, T& out) {
    if (auto status = wire::decode_all_into(in.body, out, wire::kHandshakeHeaderLen); !status)
      return undecodable(status.error());
    return true;
  }
};

// Encodes `what` into `message`, with the editor's say before and after.
template <class T>
bool Client::Impl::encode_hooked(T& what, unsigned occurrence) {
  ws.message.clear();
  if (setup.editor == nullptr) {
    if (wire::encode_message(what, ws.message)) return true;
    return fail(Failure::Kind::local_error, registry::alert::internal_error, {},
                std::string(T::kName) + " does not fit into its length fields");
  }
  ws.edit = what;
  setup.editor->on_message(T::kType, occurrence, ws.edit);
  static_cast<void>(wire::encode_message(ws.edit, ws.message));
  setup.editor->on_encoded(T::kType, occurrence, ws.message);
  return true;
}

}  // namespace tlsproof::tls
