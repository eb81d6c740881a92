// Helpers of the crypto tests.
#pragma once

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tlsproof/base/bytes.h"

namespace tlsproof::crypto {

inline Bytes hex(std::string_view text) {
  auto bytes = from_hex(text);
  EXPECT_TRUE(bytes) << text;
  return bytes.value_or(Bytes());
}

// Nothing may be left in OpenSSL's error queue, whatever the test did.
class CryptoTest : public testing::Test {
 protected:
  void TearDown() override { expect_empty_queue(); }
  static void expect_empty_queue() {
    const unsigned long code = ERR_peek_error();
    EXPECT_EQ(code, 0U) << ERR_reason_error_string(code);
    ERR_clear_error();
  }
};

// A file of tests/vectors: "[title]" begins a section, "name = value" lines belong to it.
struct VectorSection {
  std::string title;
  std::vector<std::pair<std::string, std::string>> fields;
  [[nodiscard]] bool has(std::string_view name) const {
    for (const auto& field : fields)
      if (field.first == name) return true;
    return false;
  }
  [[nodiscard]] std::string text(std::string_view name) const {
    for (const auto& field : fields)
      if (field.first == name) return field.second;
    ADD_FAILURE() << title << " has no " << name;
    return "";
  }
  [[nodiscard]] Bytes bytes(std::string_view name) const { return hex(text(name)); }
};

inline std::vector<VectorSection> load_vectors(const std::string& name) {
  std::ifstream in(std::string(TLSPROOF_SOURCE_DIR) + "/tests/vectors/" + name);
  EXPECT_TRUE(in) << name;
  std::vector<VectorSection> sections;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      sections.push_back({line.substr(1, line.size() - 2), {}});
      continue;
    }
    const size_t at = line.find(" =");
    EXPECT_NE(at, std::string::npos) << line;
    sections.back().fields.emplace_back(line.substr(0, at), line.size() > at + 3 ? line.substr(at + 3) : "");
  }
  return sections;
}

}  // namespace tlsproof::crypto
