#include "tlsproof/x509/der.h"

#include <fmt/format.h>

#include <charconv>

namespace tlsproof::x509 {

DerReader::DerReader(const DerValue& value, const DerReader& parent)
    : rest_(value.content), error_(parent.error_), offset_(value.content_offset()), depth_(parent.depth_ + 1) {}

bool DerReader::bad_value(size_t offset, std::string_view field) {
  *error_ = {ParseError::Kind::bad_value, offset, field, 0, 0};
  return false;
}

bool DerReader::any(DerValue& out, std::string_view field) {
  auto truncated = [&](size_t needed) {
    *error_ = {ParseError::Kind::truncated, offset_, field, needed, rest_.size()};
    return false;
  };
  if (depth_ > kMaxDepth) return bad_value(offset_, field);
  if (rest_.size() < 2) return truncated(2);
  if ((rest_[0] & 0x1f) == 0x1f) return bad_value(offset_, field);  // X.690 §8.1.2.4: numbers from 31 take more octets
  size_t header = 2;
  size_t len = rest_[1];
  bool minimal = true;
  if (len >= 0x80) {
    const size_t num_octets = len & 0x7f;
    // X.690 §8.1.3.6 indefinite, §8.1.3.5 reserved; 8 octets hold any size_t.
    if (num_octets == 0 || num_octets > 8) return bad_value(offset_, field);
    header += num_octets;
    if (rest_.size() < header) return truncated(header);
    len = 0;
    for (size_t i = 2; i < header; ++i) len = len << 8 | rest_[i];
    minimal = rest_[2] != 0 && len >= 0x80;  // X.690 §10.1: the fewest octets that will do
  }
  if (len > rest_.size() - header) {
    *error_ = {ParseError::Kind::truncated, offset_, field, len, rest_.size() - header};
    return false;
  }
  out.tag = rest_[0];
  out.minimal = minimal;
  out.offset = offset_;
  out.full = rest_.first(header + len);
  out.content = out.full.subspan(header);
  rest_ = rest_.subspan(out.full.size());
  offset_ += out.full.size();
  return true;
}

bool DerReader::expect(uint8_t tag, DerValue& out, std::string_view field) {
  if (!rest_.empty() && rest_[0] != tag) return bad_value(offset_, field);
  return any(out, field);
}

bool DerReader::optional(uint8_t tag, DerValue& out, bool& present, std::string_view field) {
  present = next_is(tag);
  return !present || any(out, field);
}

bool DerReader::enter(uint8_t tag, DerReader& child, std::string_view field) {
  DerValue value;
  if (!expect(tag, value, field)) return false;
  child = DerReader(value, *this);
  return true;
}

bool DerReader::finish(std::string_view field) {
  if (rest_.empty()) return true;
  *error_ = {ParseError::Kind::trailing, offset_, field, 0, rest_.size()};
  return false;
}

std::string oid_text(ByteView content) {
  std::string out;
  uint64_t arc = 0;
  bool inside = false;
  for (uint8_t octet : content) {
    if (!inside && octet == 0x80) return {};  // X.690 §8.19.2: no leading zero octets
    if (arc >> 57 != 0) return {};
    arc = arc << 7 | (octet & 0x7fU);
    inside = (octet & 0x80) != 0;
    if (inside) continue;
    if (out.empty()) {  // X.690 §8.19.4: the first two arcs share a number
      uint64_t first = std::min<uint64_t>(arc / 40, 2);
      out = fmt::format("{}.{}", first, arc - 40 * first);
    } else {
      out += fmt::format(".{}", arc);
    }
    arc = 0;
  }
  return inside ? std::string() : out;
}

Bytes oid_from_text(std::string_view text) {
  std::vector<uint64_t> arcs;
  for (const char *at = text.data(), *end = at + text.size();;) {
    uint64_t arc = 0;
    auto [next, error] = std::from_chars(at, end, arc);
    if (error != std::errc{}) return {};
    arcs.push_back(arc);
    if (next == end) break;
    if (*next != '.') return {};
    at = next + 1;
  }
  if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39) || arcs[1] > UINT64_MAX - 80) return {};
  arcs[1] += 40 * arcs[0];
  Bytes out;
  for (size_t i = 1; i < arcs.size(); ++i) {
    int shift = 63;
    while (shift > 0 && arcs[i] >> shift == 0) shift -= 7;
    for (; shift >= 0; shift -= 7) {
      const auto septet = static_cast<uint8_t>(arcs[i] >> shift & 0x7f);
      out.push_back(static_cast<uint8_t>(shift > 0 ? septet | 0x80U : septet));
    }
  }
  return out;
}

std::optional<int64_t> integer_value(ByteView content) {
  if (content.empty() || content.size() > 8) return std::nullopt;
  uint64_t value = (content[0] & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (uint8_t octet : content) value = value << 8 | octet;
  return static_cast<int64_t>(value);
}

namespace {

// Days since 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that the leap day comes last.
int64_t days_since_epoch(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int64_t days_in_month(int64_t year, int64_t month) {
  constexpr int64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Takes digits from the front of a time; `ok` stays false once something did not fit.
class Digits {
 public:
  explicit Digits(std::string_view text) : rest_(text) {}
  int64_t take(size_t count, int64_t min, int64_t max) {
    int64_t value = 0;
    if (!have(count)) return fail();
    for (char c : rest_.substr(0, count)) value = value * 10 + (c - '0');
    rest_.remove_prefix(count);
    return value < min || value > max ? fail() : value;
  }
  [[nodiscard]] bool have(size_t count) const {
    return rest_.size() >= count && rest_.substr(0, count).find_first_not_of("0123456789") == std::string_view::npos;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  std::string_view& rest() { return rest_; }

 private:
  int64_t fail() {
    ok_ = false;
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

// "Z", "+hhmm", "-hhmm" or nothing: seconds to take off.
int64_t time_zone(Digits& digits, bool& strict) {
  std::string_view& rest = digits.rest();
  if (rest == "Z") return rest.remove_prefix(1), 0;
  strict = false;  // RFC 5280 §4.1.2.5: always Z
  if (rest.empty() || (rest[0] != '+' && rest[0] != '-')) return 0;
  const int64_t sign = rest[0] == '+' ? 1 : -1;
  rest.remove_prefix(1);
  const int64_t hours = digits.take(2, 0, 23);
  return sign * (hours * 3600 + digits.take(2, 0, 59) * 60);
}

}  // namespace

std::optional<DerTime> time_value(uint8_t tag, ByteView content) {
  const bool utc = tag == der_tag::kUtcTime;
  if (!utc && tag != der_tag::kGeneralizedTime) return std::nullopt;
  DerTime out;
  Digits digits(as_text(content));
  int64_t year = digits.take(utc ? 2 : 4, 0, 9999);
  if (utc)
    year += year >= 50 ? 1900 : 2000;  // RFC 5280 §4.1.2.5.1
  else if (year < 2050)
    out.strict = false;  // RFC 5280 §4.1.2.5: UTCTime through 2049
  const int64_t month = digits.take(2, 1, 12);
  if (!digits.ok()) return std::nullopt;
  const int64_t day = digits.take(2, 1, days_in_month(year, month));
  const int64_t hour = digits.take(2, 0, 23);
  int64_t minute = 0;
  int64_t second = 0;
  if (utc || digits.have(2))
    minute = digits.take(2, 0, 59);
  else
    out.strict = false;
  if (digits.have(2))
    second = digits.take(2, 0, 59);
  else
    out.strict = false;
  std::string_view& rest = digits.rest();
  if (!utc && !rest.empty() && (rest[0] == '.' || rest[0] == ',')) {  // RFC 5280 §4.1.2.5.2: no fractions
    out.strict = false;
    rest.remove_prefix(1);
    if (!digits.have(1)) return std::nullopt;
    while (digits.have(1)) rest.remove_prefix(1);
  }
  const int64_t offset = time_zone(digits, out.strict);
  if (!digits.ok() || !rest.empty()) return std::nullopt;
  out.seconds = days_since_epoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
  return out;
}

}  // namespace tlsproof::x509
