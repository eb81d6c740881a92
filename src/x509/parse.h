// What the decoders of one certificate share; this module's own.
#pragma once

#include "tlsproof/x509/certificate.h"
#include "tlsproof/x509/der.h"

namespace tlsproof::x509 {

inline constexpr std::string_view kTwice = "an extension that is there twice";

// Reads elements and writes down what is wrong with them. A decoder goes on after a failure wherever the frame allows
// it.
class Parser {
 public:
  explicit Parser(std::vector<FieldProblem>& problems) : problems_(&problems) {}

  [[nodiscard]] DerReader reader(ByteView der, size_t base = 0) { return DerReader(der, error_, base); }
  [[nodiscard]] DerReader inside(const DerValue& value) {
    return DerReader(value.content, error_, value.content_offset());
  }

  // The next element with this tag; on failure it is reported.
  bool expect(DerReader& from, uint8_t tag, DerValue& out, std::string_view field) {
    return from.expect(tag, out, field) ? check_minimal(out, field) : report();
  }
  bool any(DerReader& from, DerValue& out, std::string_view field) {
    return from.any(out, field) ? check_minimal(out, field) : report();
  }
  // An element that may be absent: true when it is there and readable.
  bool optional(DerReader& from, uint8_t tag, DerValue& out, std::string_view field) {
    return from.next_is(tag) && any(from, out, field);
  }
  // The next element as a time, of either kind. Nullopt where it cannot be read, which is reported; how strictly it was
  // written is for the caller to judge.
  [[nodiscard]] std::optional<DerTime> time(DerReader& from, DerValue& value, std::string_view field) {
    if (!any(from, value, field)) return std::nullopt;
    const std::optional<DerTime> out = time_value(value.tag, value.content);
    if (!out) note(field, value.offset, "not a time");
    return out;
  }
  void finish(DerReader& from, std::string_view field) {
    if (!from.finish(field)) report();
  }
  // Whether a list may take one more entry; the first refusal is reported.
  bool room(size_t size, size_t offset, std::string_view field, size_t max = kMaxListEntries) {
    return size < max || note(field, offset, "more entries than are read");
  }

  bool report();  // the last failure of a reader; always false
  bool note(std::string_view field, size_t offset, std::string_view what) {
    if (problems_->size() < kMaxFieldProblems) problems_->push_back({field, offset, what});
    return false;
  }

 private:
  bool check_minimal(const DerValue& value, std::string_view field) {
    if (!value.minimal) note(field, value.offset, "the length has more octets than DER allows");
    return true;
  }

  ParseError error_;
  std::vector<FieldProblem>* problems_;
};

void parse_name(Parser& parser, const DerValue& name, NameView& out, std::string_view field);
void parse_algorithm(Parser& parser, const DerValue& algorithm, AlgorithmView& out, std::string_view field);
void parse_public_key(Parser& parser, const DerValue& spki, PublicKeyView& out);
// The typed forms of extension number `index`; called once for each in order. `first`: of its type.
void parse_extension_value(Parser& parser, CertificateView& out, size_t index, bool first);
// The content of an authorityKeyIdentifier; what cannot be read of it stays empty, nullopt when it is none at all.
[[nodiscard]] std::optional<AuthorityKeyId> parse_authority_key_id(Parser& parser, const ExtensionView& extension,
                                                                   std::string_view field);
// The content of an INTEGER as people write serial numbers: "0a1b", "-01"; cut after 64 octets.
[[nodiscard]] std::string integer_hex(ByteView content);

// The characters of a string value as UTF-8 where the type is UTF-16 or UTF-32; otherwise the bytes.
[[nodiscard]] std::string string_value(uint8_t tag, ByteView value);

}  // namespace tlsproof::x509
