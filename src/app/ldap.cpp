// LDAP: RFC 4511 (messages §4.1.1, search §4.5, StartTLS §4.14), in the BER of its §5.1.
#include <fmt/format.h>

#include <utility>

#include "lines.h"
#include "protocols.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

constexpr uint8_t kSequence = 0x30;
constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kOctets = 0x04;
constexpr uint8_t kEnumerated = 0x0a;
constexpr uint8_t kSearchRequest = 0x63;  // [APPLICATION 3] and so on
constexpr uint8_t kSearchEntry = 0x64;
constexpr uint8_t kSearchDone = 0x65;
constexpr uint8_t kSearchReference = 0x73;
constexpr uint8_t kExtendedRequest = 0x77;
constexpr uint8_t kExtendedResponse = 0x78;
constexpr uint8_t kUnbindRequest = 0x42;
constexpr std::string_view kStartTls = "1.3.6.1.4.1.1466.20037";
constexpr std::string_view kDisconnection = "1.3.6.1.4.1.1466.20036";

// ---- BER: what we write is short; what we read has lengths of up to four bytes.

Bytes ber(uint8_t tag, ByteView body) {
  Bytes out;
  out.reserve(body.size() + 4);
  out.push_back(tag);
  if (body.size() > 127) {
    out.push_back(0x82);
    out.push_back(static_cast<uint8_t>(body.size() >> 8));
  }
  out.push_back(static_cast<uint8_t>(body.size()));
  append(out, body);
  return out;
}
Bytes ber(uint8_t tag, std::string_view text) {
  return ber(tag, as_bytes(text));
}
Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}
Bytes message(uint8_t id, const Bytes& operation) {
  return ber(kSequence, join({ber(kInteger, ByteView(&id, 1)), operation}));
}

struct Element {
  uint8_t tag = 0;
  ByteView body;
  size_t len = 0;  // of all of it
};
enum class Read : uint8_t { whole, more, bad };

Read read_element(ByteView bytes, Element& out) {
  if (bytes.size() < 2) return Read::more;
  size_t len = bytes[1];
  size_t header = 2;
  if (len >= 0x80) {
    const size_t num = len & 0x7f;
    if (num == 0 || num > 4) return Read::bad;  // RFC 4511 §5.1: no indefinite lengths
    if (bytes.size() < 2 + num) return Read::more;
    len = 0;
    for (size_t i = 0; i < num; ++i) len = len << 8 | bytes[2 + i];
    header += num;
  }
  if (len > Dialogue::kMaxInput) return Read::bad;
  if (bytes.size() - header < len) return Read::more;
  out = {bytes[0], bytes.subspan(header, len), header + len};
  return Read::whole;
}

// The next element of a body; it must be whole.
bool next(ByteView& body, Element& out) {
  if (read_element(body, out) != Read::whole) return false;
  body = body.subspan(out.len);
  return true;
}

// ---- LDAPResult, RFC 4511 §4.1.9

std::string_view result_name(int code) {
  switch (code) {
    case 0:
      return "success";
    case 1:
      return "operationsError";
    case 2:
      return "protocolError";
    case 8:
      return "strongerAuthRequired";
    case 13:
      return "confidentialityRequired";
    case 48:
      return "inappropriateAuthentication";
    case 50:
      return "insufficientAccessRights";
    case 51:
      return "busy";
    case 52:
      return "unavailable";
    case 53:
      return "unwillingToPerform";
    default:
      return "";
  }
}

struct LdapResult {
  int code = 0;
  std::string text;  // "LDAP 52 unavailable: Could not initialize TLS", escaped
};

bool read_result(ByteView body, LdapResult& out) {
  Element code;
  Element matched;
  Element diagnostic;
  if (!next(body, code) || code.tag != kEnumerated || code.body.size() != 1) return false;
  if (!next(body, matched) || matched.tag != kOctets || !next(body, diagnostic) || diagnostic.tag != kOctets)
    return false;
  out.code = code.body[0];
  const std::string_view name = result_name(out.code);
  out.text = fmt::format("LDAP {}{}{}", out.code, name.empty() ? "" : " ", name);
  if (!diagnostic.body.empty()) out.text += fmt::format(": {}", escape_terminal_limited(as_text(diagnostic.body), 120));
  return true;
}

// Hands whole messages over.
class LdapDialogue : public Dialogue {
 protected:
  virtual void on_message(uint32_t id, const Element& operation) = 0;
  void bad() { end(State::broken, "this is not LDAP"); }
  static constexpr uint8_t kFirstId = 1;

 private:
  size_t take(ByteView bytes) override {
    // One by one, so that what follows a message is left: a ClientHello's answer belongs to TLS.
    pending_.push_back(bytes[0]);
    if (pending_[0] != kSequence) {
      bad();
      return 1;
    }
    Element whole;
    const Read read = read_element(pending_, whole);
    if (read == Read::bad) bad();
    if (read != Read::whole) return 1;
    const Bytes kept = std::exchange(pending_, {});
    Element id;
    Element operation;
    (void)read_element(kept, whole);
    if (!next(whole.body, id) || id.tag != kInteger || id.body.size() != 1 || !next(whole.body, operation)) {
      bad();
      return 1;
    }
    on_message(id.body[0], operation);
    return 1;
  }
  void at_end() override { end(State::broken, "closed before an answer came"); }

  Bytes pending_;
};

class LdapPrelude final : public LdapDialogue {
 public:
  LdapPrelude() {
    strictly_in_turn();
    say(message(kFirstId, ber(kExtendedRequest, ber(0x80, kStartTls))), "ExtendedRequest StartTLS");
  }

 private:
  void on_message(uint32_t, const Element& operation) override {
    LdapResult result;
    if (operation.tag != kExtendedResponse || !read_result(operation.body, result)) return bad();
    heard(fmt::format("ExtendedResponse: {}", result.text), result.code);
    result.code == 0 ? end(State::done) : end(State::refused, result.text);
  }
};

// A search of the root DSE (RFC 4512 §5.1) for no attributes ("1.1", RFC 4511 §4.5.1.8), which anybody may do.
class LdapTalk final : public LdapDialogue {
 public:
  LdapTalk() {
    const Bytes body =
        join({ber(kOctets, ""), ber(kEnumerated, std::string_view("\0", 1)),
              ber(kEnumerated, std::string_view("\0", 1)), ber(kInteger, "\1"), ber(kInteger, "\5"),
              ber(0x01, std::string_view("\0", 1)), ber(0x87, "objectClass"), ber(kSequence, ber(kOctets, "1.1"))});
    say(message(kFirstId, ber(kSearchRequest, body)), "SearchRequest of the root DSE");
  }

 private:
  void on_message(uint32_t, const Element& operation) override {
    if (operation.tag == kSearchEntry) return heard("SearchResultEntry");
    if (operation.tag == kSearchReference) return heard("SearchResultReference");
    LdapResult result;
    const bool notice = operation.tag == kExtendedResponse;  // RFC 4511 §4.4.1: Notice of Disconnection
    if ((operation.tag != kSearchDone && !notice) || !read_result(operation.body, result)) return bad();
    if (notice && !as_text(operation.body).contains(kDisconnection)) return bad();
    heard(fmt::format("{}: {}", notice ? "Notice of Disconnection" : "SearchResultDone", result.text), result.code);
    Sign sign = Sign::accepted;  // whatever it says of the search
    if (notice || speaks_of_certificate(result.text)) sign = Sign::refused;
    if (sign == Sign::refused && speaks_of_certificate(result.text)) sign = Sign::certificate;
    if (result.code == 51 || result.code == 52) sign = Sign::busy;
    answer({sign, result.code, result.text});
    if (sign != Sign::accepted) return end(State::refused, result.text);
    say(message(kFirstId + 1, ber(kUnbindRequest, ByteView())), "UnbindRequest");
    end(State::done);
  }
};

}  // namespace

std::unique_ptr<Dialogue> ldap_prelude(const Setup&) {
  return std::make_unique<LdapPrelude>();
}
std::unique_ptr<Dialogue> ldap_talk(const Setup&) {
  return std::make_unique<LdapTalk>();
}

}  // namespace tlsproof::app
