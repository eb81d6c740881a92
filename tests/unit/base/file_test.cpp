#include "tlsproof/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace tlsproof {
namespace {

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/tlsproof-file-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(FileTest, ASecretGets0600WhateverTheUmask) {
  mode_t before = umask(0);
  const std::string path = folder_ + "/key.pem";
  ASSERT_TRUE(save_file(path, to_bytes("secret"), {.mode = 0600}));
  umask(before);
  struct stat info{};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_EQ(as_text(load_file(path, "key").value()), "secret");
}

TEST_F(FileTest, NothingIsOverwrittenUnlessAsked) {
  const std::string path = folder_ + "/a";
  ASSERT_TRUE(save_file(path, to_bytes("one")));
  auto second = save_file(path, to_bytes("two"), {.overwrite = false});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().error_number, EEXIST);
  EXPECT_EQ(as_text(load_file(path, "file").value()), "one");
  ASSERT_TRUE(save_file(path, to_bytes("three")));
  EXPECT_EQ(as_text(load_file(path, "file").value()), "three");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "no temporary file is left";
}

TEST_F(FileTest, LimitsAndMissingFilesNameFileAndPurpose) {
  auto missing = load_file(folder_ + "/none", "client key");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("client key"), std::string::npos);
  EXPECT_NE(missing.error().message().find("No such file"), std::string::npos);
  const std::string path = folder_ + "/large";
  ASSERT_TRUE(save_file(path, Bytes(100)));
  EXPECT_EQ(load_file(path, "x", 100)->size(), 100U);
  EXPECT_FALSE(load_file(path, "x", 99));
}

}  // namespace
}  // namespace tlsproof
