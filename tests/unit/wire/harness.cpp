#include "harness.h"

#include <cctype>
#include <cstdlib>
#include <new>

namespace {
size_t g_allocations = 0;
}

// Counts; the sanitizers still see malloc.
void* operator new(size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace tlsproof::wire::test {
namespace {

using Kind = LegitimateException::Kind;

// The one list of changes that yield another valid encoding.
constexpr LegitimateException kLegitimate[] = {
    // RFC 5246 §7.4.1.2, §7.4.1.3: a hello may end before its extensions.
    {"ClientHello", Kind::prefix, 45, "", "the hello without extensions"},
    {"ClientHello with unknown, duplicate and undecodable values", Kind::prefix, 45, "",
     "the hello without extensions"},
    {"ClientHello of DTLS", Kind::prefix, 48, "", "the hello without extensions"},
    {"ServerHello", Kind::prefix, 38, "", "the hello without extensions"},
    {"HelloRetryRequest", Kind::prefix, 38, "", "the hello without extensions"},
    // RFC 5246 §7.4.3: anonymous key exchange ends after its parameters.
    {"ServerKeyExchange ECDHE", Kind::prefix, 8, "", "the parameters without a signature"},
    {"ServerKeyExchange ECDHE 1.1", Kind::prefix, 6, "", "the parameters without a signature"},
    {"ServerKeyExchange DHE 1.1", Kind::prefix, 11, "", "the parameters without a signature"},
    {"ServerHello of draft 18", Kind::prefix, 36, "", "the hello without extensions"},
    {"ServerKeyExchange DHE", Kind::prefix, 12, "", "the parameters without a signature"},
    // A body, or the end of one, without a length of its own.
    {"CertificateStatus of another type", Kind::prefix_from, 1, "", "unknown content"},
    {"CertificateStatus of another type", Kind::plus, 0, "the body", "unknown content"},
    {"Finished", Kind::prefix_from, 0, "", "the cipher suite tells its length"},
    {"Finished", Kind::plus, 0, "the body", "the cipher suite tells its length"},
    {"MessageHash", Kind::prefix_from, 0, "", "the hash tells its length"},
    {"MessageHash", Kind::plus, 0, "the body", "the hash tells its length"},
    {"padding", Kind::prefix_from, 0, "", "the whole body"},
    {"padding", Kind::plus, 0, "the body", "the whole body"},
    {"session_ticket", Kind::prefix_from, 0, "", "the whole body"},
    {"application_settings of the server", Kind::prefix_from, 0, "", "the whole body"},
    {"application_settings of the server", Kind::plus, 0, "the body", "the whole body"},
    {"application_settings_old of the server", Kind::prefix_from, 0, "", "the whole body"},
    {"application_settings_old of the server", Kind::plus, 0, "the body", "the whole body"},
    {"encrypted_client_hello of another type", Kind::prefix_from, 1, "", "unknown content"},
    {"encrypted_client_hello of another type", Kind::plus, 0, "the body", "unknown content"},
    {"quic_transport_parameters", Kind::prefix, 0, "", "the parameters before it"},
    {"quic_transport_parameters", Kind::prefix, 6, "", "the parameters before it"},
    {"quic_transport_parameters", Kind::prefix, 11, "", "the parameters before it"},
    {"quic_transport_parameters", Kind::prefix, 20, "", "the parameters before it"},
    {"version_information", Kind::prefix, 4, "", "fewer versions"},
    {"version_information", Kind::prefix, 8, "", "fewer versions"},
    {"session_ticket", Kind::plus, 0, "the body", "the whole body"},
    {"status_request of another type", Kind::prefix_from, 1, "", "unknown content"},
    {"status_request of another type", Kind::plus, 0, "the body", "unknown content"},
};

bool is_legitimate(const Case& c, Kind kind, size_t prefix_len, std::string_view field) {
  for (const LegitimateException& e : kLegitimate) {
    if (e.name != c.name) continue;
    if (kind == Kind::prefix && e.kind == Kind::prefix && e.prefix_len == prefix_len) return true;
    if (kind == Kind::prefix && e.kind == Kind::prefix_from && e.prefix_len <= prefix_len) return true;
    if (kind == e.kind && kind != Kind::prefix && e.field == field) return true;
  }
  return false;
}

uint64_t read_length(const Bytes& bytes, const LengthField& field) {
  uint64_t value = 0;
  for (size_t i = 0; i < field.width; ++i) value = value << 8 | bytes[field.offset + i];
  return value;
}

void write_length(Bytes& bytes, const LengthField& field, uint64_t value) {
  for (size_t i = field.width; i-- > 0; value >>= 8) bytes[field.offset + i] = static_cast<uint8_t>(value);
}

std::string describe(const Parsed<Bytes>& result) {
  return result ? "decoded, and encodes as " + to_hex(*result) : result.error().message();
}

constexpr size_t kBase = 1000;  // offsets of errors must count from it

}  // namespace

size_t num_allocations() {
  return g_allocations;
}

Vector read_vector(std::string_view text) {
  Vector out;
  std::vector<size_t> open;  // indices into lengths
  std::string digits;
  const auto flush = [&] {
    const auto bytes = from_hex(digits);
    EXPECT_TRUE(bytes) << "bad hex in the vector: " << digits;
    if (bytes) append(out.bytes, *bytes);
    digits.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') {
      flush();
      LengthField field;
      field.width = static_cast<size_t>(text[i + 1] - '0');
      const size_t name = i + 3;
      const size_t end = text.find(' ', name);
      field.name = text.substr(name, end - name);
      field.offset = out.bytes.size();
      open.push_back(out.lengths.size());
      out.lengths.push_back(field);
      i = end;
    } else if (text[i] == ']') {
      flush();
      LengthField& field = out.lengths[open.back()];
      open.pop_back();
      field.end = out.bytes.size();
      EXPECT_EQ(read_length(out.bytes, field), field.end - field.offset - field.width) << field.name;
    } else if (std::isspace(static_cast<unsigned char>(text[i])) == 0) {
      digits += text[i];
    }
  }
  flush();
  EXPECT_TRUE(open.empty()) << "brackets left open";
  for (LengthField& field : out.lengths) {
    field.frame_end = out.bytes.size();
    for (const LengthField& outer : out.lengths)
      if (outer.offset < field.offset && outer.end >= field.end) field.frame_end = std::min(field.frame_end, outer.end);
  }
  return out;
}

void check_known_vectors(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    c.check_values(read_vector(c.vector).bytes);
  }
}

void check_round_trips(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const Bytes bytes = read_vector(c.vector).bytes;
    const auto again = c.recode(bytes, 0);
    ASSERT_TRUE(again) << c.name << ": " << again.error().message();
    EXPECT_EQ(to_hex(*again), to_hex(bytes)) << c.name;
  }
}

void check_prefixes(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const Bytes bytes = read_vector(c.vector).bytes;
    for (size_t len = 0; len < bytes.size(); ++len) {
      const ByteView prefix = ByteView(bytes).first(len);
      const auto result = c.recode(prefix, kBase);
      if (is_legitimate(c, Kind::prefix, len, "")) {
        ASSERT_TRUE(result) << c.name << ", listed as legitimate, first " << len << " bytes: " << describe(result);
        EXPECT_EQ(to_hex(*result), to_hex(prefix)) << c.name;
        continue;
      }
      ASSERT_FALSE(result) << c.name << ", first " << len << " bytes: " << describe(result);
      EXPECT_FALSE(result.error().field.empty()) << c.name;
      EXPECT_GE(result.error().offset, kBase) << c.name;
      EXPECT_LE(result.error().offset, kBase + len) << c.name << ": " << describe(result);
    }
  }
}

void check_lengths(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const Vector vector = read_vector(c.vector);
    for (const LengthField& field : vector.lengths) {
      for (const Kind kind : {Kind::plus, Kind::minus}) {
        Bytes bytes = vector.bytes;
        const uint64_t len = read_length(bytes, field);
        write_length(bytes, field, kind == Kind::plus ? len + 1 : len - 1);  // modulo its width
        const auto result = c.recode(bytes, kBase);
        const std::string what =
            c.name + ", " + field.name + (kind == Kind::plus ? " + 1: " : " - 1: ") + describe(result);
        if (is_legitimate(c, kind, 0, field.name)) {
          ASSERT_TRUE(result) << what << " although listed as legitimate";
          EXPECT_EQ(to_hex(*result), to_hex(bytes)) << what;
          continue;
        }
        ASSERT_FALSE(result) << what;
        // What stands before the field is intact, so the failure is the field's own or one behind it.
        EXPECT_FALSE(result.error().field.empty()) << what;
        EXPECT_GE(result.error().offset, kBase + field.offset) << what;
        // One byte more than its frame holds: it is this very field that cannot be read.
        if (kind == Kind::plus && field.end == field.frame_end) {
          EXPECT_EQ(result.error().field, field.name) << what;
          const bool cut = result.error().kind == ParseError::Kind::truncated;  // then the content begins there
          EXPECT_EQ(result.error().offset, kBase + field.offset + (cut ? field.width : 0)) << what;
        }
      }
    }
  }
}

void check_trailing_byte(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    Bytes bytes = read_vector(c.vector).bytes;
    const size_t len = bytes.size();
    bytes.push_back(0xff);  // which is no whole integer of QUIC either
    const auto result = c.recode(bytes, kBase);
    // A body that ends in what has no length of its own takes the byte.
    if (is_legitimate(c, Kind::plus, 0, "the body")) {
      EXPECT_TRUE(result) << c.name << ", listed as legitimate: " << describe(result);
      continue;
    }
    ASSERT_FALSE(result) << c.name << ": " << describe(result);
    EXPECT_EQ(result.error().offset, kBase + len) << c.name << ": " << describe(result);
  }
}

void check_capacity(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(c.second_time(read_vector(c.vector).bytes), 0U) << c.name;
}

}  // namespace tlsproof::wire::test
