// Holds what a report writes against its sample in reports/samples.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"

namespace tlsproof::report {

// Compares with reports/samples/NAME; with TLSPROOF_UPDATE_GOLDEN set, writes it instead.
inline void expect_golden(const std::string& name, const std::string& content) {
  const std::string path = std::string(TLSPROOF_SOURCE_DIR) + "/reports/samples/" + name;
  if (std::getenv("TLSPROOF_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(save_file(path, as_bytes(content)));
    return;
  }
  const auto wanted = load_file(path, "sample");
  ASSERT_TRUE(wanted) << wanted.error().message();
  EXPECT_EQ(content, as_text(*wanted)) << "run this test with TLSPROOF_UPDATE_GOLDEN=1 and read the difference";
}

}  // namespace tlsproof::report
