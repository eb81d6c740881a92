// A cursor over DER (X.690) that only shrinks: tag, length, a nested child that cannot leave its frame, offsets for
// evidence. Copies nothing and never recurses. BER's indefinite lengths and multi-byte tags are refused, since X.509
// has no use for them; a length written longer than it needs to be is read, and told (`DerValue::minimal`), since such
// certificates exist.
//
//   ParseError error;
//   DerReader certificate(der, error);
//   DerReader fields = certificate;
//   if (!certificate.enter(der_tag::kSequence, fields, "Certificate")) return std::unexpected(error);
#pragma once

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"

namespace tlsproof::x509 {

// Identifier octets: class, constructed bit and number in one byte (X.690 §8.1.2).
namespace der_tag {
inline constexpr uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04, kNull = 0x05,
                         kOid = 0x06, kEnumerated = 0x0a, kUtf8String = 0x0c, kNumericString = 0x12,
                         kPrintableString = 0x13, kTeletexString = 0x14, kIa5String = 0x16, kUtcTime = 0x17,
                         kGeneralizedTime = 0x18, kVisibleString = 0x1a, kUniversalString = 0x1c, kBmpString = 0x1e,
                         kSequence = 0x30, kSet = 0x31;
// [n], primitive or constructed; n < 31.
[[nodiscard]] constexpr uint8_t context(unsigned n) {
  return static_cast<uint8_t>(0x80U | n);
}
[[nodiscard]] constexpr uint8_t context_constructed(unsigned n) {
  return static_cast<uint8_t>(0xa0U | n);
}
}  // namespace der_tag

// One element. Borrows the input of the DerReader it came from.
struct DerValue {
  uint8_t tag = 0;
  bool minimal = true;  // false: the length has more octets than DER allows (X.690 §10.1)
  size_t offset = 0;    // of the identifier octet, counted from the start of the root reader's input (+ its base)
  ByteView full;        // identifier, length and content
  ByteView content;
  [[nodiscard]] size_t content_offset() const { return offset + full.size() - content.size(); }
  [[nodiscard]] ByteRange range() const { return {offset, full.size()}; }
  [[nodiscard]] ByteRange content_range() const { return {content_offset(), content.size()}; }
};

class DerReader {
 public:
  static constexpr int kMaxDepth = 24;  // children of children; a certificate with every extension needs about ten

  // Borrows both. `base` is added to every offset.
  DerReader(ByteView der, ParseError& error, size_t base = 0) : rest_(der), error_(&error), offset_(base) {}
  // Reads on inside an element, one level deeper.
  DerReader(const DerValue& value, const DerReader& parent);

  // The next element, whatever it is. On failure: false, the ParseError is set and the cursor stays.
  [[nodiscard]] bool any(DerValue& out, std::string_view field);
  // The next element, which must have this tag (otherwise bad_value at its offset; the cursor stays).
  [[nodiscard]] bool expect(uint8_t tag, DerValue& out, std::string_view field);
  // The next element when it has this tag: `present` says so. False only when it has the tag and cannot be read.
  [[nodiscard]] bool optional(uint8_t tag, DerValue& out, bool& present, std::string_view field);
  // Like expect; `child` reads the content. `child` may be declared `DerReader child = parent;`.
  [[nodiscard]] bool enter(uint8_t tag, DerReader& child, std::string_view field);
  // Succeeds when nothing is left; otherwise `trailing`.
  [[nodiscard]] bool finish(std::string_view field);
  // Reports a value that the format does not allow; always false.
  bool bad_value(size_t offset, std::string_view field);

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] bool next_is(uint8_t tag) const { return !rest_.empty() && rest_[0] == tag; }
  [[nodiscard]] size_t offset() const { return offset_; }
  [[nodiscard]] ByteView peek() const { return rest_; }

 private:
  ByteView rest_;
  ParseError* error_;
  size_t offset_;
  int depth_ = 0;
};

// "1.2.840.113549.1.1.11" for the content of an OBJECT IDENTIFIER; empty when it is not one (no bytes, an unfinished or
// over-long arc). Arcs above 64 bits are refused too.
[[nodiscard]] std::string oid_text(ByteView content);
// The content octets for "1.2.840…"; empty when the text is no OID.
[[nodiscard]] Bytes oid_from_text(std::string_view text);

// The content of an INTEGER as a number; nullopt when empty or beyond 64 bits.
[[nodiscard]] std::optional<int64_t> integer_value(ByteView content);

// Seconds since 1970 for the content of a UTCTime or GeneralizedTime, whichever the tag says.
struct DerTime {
  int64_t seconds = 0;
  bool strict = true;  // false: readable, but not as RFC 5280 §4.1.2.5 wants it (no seconds, an offset, fractions,
                       // wrong type for the year)
};
[[nodiscard]] std::optional<DerTime> time_value(uint8_t tag, ByteView content);

}  // namespace tlsproof::x509
