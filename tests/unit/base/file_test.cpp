#include "tlsproof/base/file.h"

#include <fcntl.h>
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

TEST_F(FileTest, ASecretReplacesWhatIsNoRegularFile) {
  const std::string pipe = folder_ + "/pipe", link = folder_ + "/link", theirs = folder_ + "/theirs";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0666), 0);
  ASSERT_TRUE(save_file(theirs, to_bytes("theirs")));
  ASSERT_EQ(symlink(theirs.c_str(), link.c_str()), 0);
  // Who listens already, so that to open it would not block.
  const int listener = open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(listener, 0);
  char heard[16];
  ASSERT_TRUE(save_file(pipe, to_bytes("a report")));
  EXPECT_EQ(read(listener, heard, sizeof heard), 8) << "a pipe that was asked for is written into";
  for (const std::string& path : {pipe, link}) {
    ASSERT_TRUE(save_file(path, to_bytes("secret"), {.mode = 0600, .regular_only = true}));
    struct stat info{};
    ASSERT_EQ(lstat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode, static_cast<mode_t>(S_IFREG | 0600)) << path;
    EXPECT_EQ(as_text(load_file(path, "key").value()), "secret");
  }
  EXPECT_EQ(read(listener, heard, sizeof heard), -1);
  EXPECT_EQ(errno, EAGAIN) << "nothing more was heard";
  close(listener);
  EXPECT_EQ(as_text(load_file(theirs, "file").value()), "theirs");
  const auto folder = save_file(folder_, to_bytes("secret"), {.regular_only = true});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().error_number, EISDIR);
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
