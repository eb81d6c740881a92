#include "tlsproof/report/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tlsproof/base/file.h"
#include "unit/report/sample_run.h"

namespace tlsproof::report {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using verdict::CheckRun;

class Evidence : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(path_.data()), nullptr); }
  void TearDown() override { fs::remove_all(path_); }
  [[nodiscard]] std::string folder(const std::string& name = "evidence") const { return path_ + "/" + name; }
  static std::vector<std::string> files_of(const std::string& path) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
  static unsigned mode_of(const std::string& path) { return static_cast<unsigned>(fs::status(path).permissions()); }

  // Two connections of `label`, of which the second was never made.
  static CheckRun run_of(std::initializer_list<std::string> labels) {
    CheckRun run;
    for (const std::string& label : labels) {
      verdict::EndpointRun endpoint;
      endpoint.label = label;
      auto trace = std::make_shared<trace::Trace>(system_clock());
      trace->begin("127.0.0.1:2", "127.0.0.1:1");
      auto unconnected = std::make_shared<trace::Trace>(*trace);
      trace->on_event(trace::EventKind::connected, trace::Direction::client_to_server);
      unconnected->on_event(trace::EventKind::connect_failed, trace::Direction::client_to_server, "refused");
      endpoint.attempts.push_back({"a, b", {}, trace, {}});
      endpoint.attempts.push_back({"a, c", {}, unconnected, {}});
      endpoint.attempts.push_back({"a, d", {}, nullptr, {}});
      run.endpoints.push_back(std::move(endpoint));
    }
    return run;
  }

 private:
  std::string path_ = testing::TempDir() + "tlsproof-evidence-XXXXXX";
};

TEST_F(Evidence, NamesAreReadableAndHarmless) {
  struct Row {
    std::string endpoint;
    size_t attempt;
    std::string label;
    std::string wanted;
  };
  for (const Row& row : {
           Row{"web", 13, "client certificate expired, TLS 1.3", "web-013-client-certificate-expired-TLS-1.3.pcapng"},
           Row{"server.example:8443", 0, "", "server.example-8443-000.pcapng"},
           Row{"[::1]:443", 1000, "x", "1-443-1000-x.pcapng"},
           Row{"../../etc/passwd", 1, "../x", "etc-passwd-001-x.pcapng"},
           Row{"..", 1, ".", "endpoint-001.pcapng"},
           Row{"-rf", 1, "--", "rf-001.pcapng"},
           Row{"a\n\x1b[31mb", 1, "B\xc3\xbcro \xff", "a-31mb-001-B-ro.pcapng"},
           Row{"$(id);'\"|&* ~", 1, "a\\b", "id-001-a-b.pcapng"},
       })
    EXPECT_EQ(evidence_file_name(row.endpoint, row.attempt, row.label), row.wanted);
  EXPECT_LE(evidence_file_name(std::string(9999, 'e'), SIZE_MAX, std::string(9999, 'l')).size(), 200U);
}

TEST_F(Evidence, HoldsAFileForEachConnectionThatWasMade) {
  CheckRun run = run_of({"web"});
  ASSERT_TRUE(make_evidence_folder(folder()));
  ASSERT_TRUE(write_evidence(folder(), run));
  EXPECT_THAT(files_of(folder()), ElementsAre("index.json", "web-000-a-b.pcapng"));
  EXPECT_EQ(run.endpoints[0].attempts[0].evidence, folder() + "/web-000-a-b.pcapng");
  EXPECT_EQ(run.endpoints[0].attempts[1].evidence, "");
  EXPECT_EQ(run.endpoints[0].attempts[2].evidence, "");
  for (const std::string& name : files_of(folder())) EXPECT_EQ(mode_of(folder() + "/" + name), 0600U) << name;
}

TEST_F(Evidence, EndpointsOfLikeNamesKeepTheirFilesApart) {
  CheckRun run = run_of({"a b", "a/b", "A-B", "a b-000-a-b-2"});
  ASSERT_TRUE(make_evidence_folder(folder() + "//"));
  ASSERT_TRUE(write_evidence(folder() + "//", run));
  EXPECT_THAT(files_of(folder()), ElementsAre("A-B-000-a-b-3.pcapng", "a-b-000-a-b-2-000-a-b.pcapng",
                                              "a-b-000-a-b-2.pcapng", "a-b-000-a-b.pcapng", "index.json"));
  EXPECT_EQ(run.endpoints[1].attempts[0].evidence, folder() + "/a-b-000-a-b-2.pcapng");
}

TEST_F(Evidence, AFolderOfAnEarlierRunKeepsWhatIsNotReplaced) {
  ASSERT_EQ(mkdir(folder().c_str(), 0750), 0);
  for (const char* name : {"mine.txt", "web-000-a-b.pcapng", "web-077-older.pcapng"})
    ASSERT_TRUE(save_file(folder() + "/" + name, as_bytes("old")));
  CheckRun run = run_of({"web"});
  ASSERT_TRUE(make_evidence_folder(folder()));
  ASSERT_TRUE(write_evidence(folder(), run));
  EXPECT_THAT(files_of(folder()), ElementsAre("index.json", "mine.txt", "web-000-a-b.pcapng", "web-077-older.pcapng"));
  EXPECT_NE(as_text(*load_file(folder() + "/web-000-a-b.pcapng", "")), "old");
  EXPECT_EQ(as_text(*load_file(folder() + "/web-077-older.pcapng", "")), "old");
  EXPECT_EQ(mode_of(folder() + "/web-000-a-b.pcapng"), 0600U);
  EXPECT_EQ(mode_of(folder()), 0750U) << "what was there keeps its mode";
  const std::string index(as_text(*load_file(folder() + "/index.json", "")));
  EXPECT_THAT(index, HasSubstr("web-000-a-b.pcapng"));
  EXPECT_THAT(index, testing::Not(HasSubstr("older"))) << "the index is of this run";
}

TEST_F(Evidence, GoesOnAfterAFileThatCannotBeWritten) {
  CheckRun run = run_of({"web", "other"});
  ASSERT_TRUE(make_evidence_folder(folder()));
  fs::create_directory(folder() + "/web-000-a-b.pcapng");
  const Status status = write_evidence(folder(), run);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(),
            "cannot write '" + folder() + "/web-000-a-b.pcapng': Is a directory (1 of 2 evidence files are missing)");
  EXPECT_EQ(run.endpoints[0].attempts[0].evidence, "");
  EXPECT_EQ(run.endpoints[1].attempts[0].evidence, folder() + "/other-000-a-b.pcapng");
  EXPECT_THAT(files_of(folder()), ElementsAre("index.json", "other-000-a-b.pcapng", "web-000-a-b.pcapng"));
}

TEST_F(Evidence, APipeOrALinkOfThatNameGetsNoSecrets) {
  CheckRun run = run_of({"web", "other"});
  ASSERT_TRUE(make_evidence_folder(folder()));
  ASSERT_EQ(symlink("/dev/null", (folder() + "/web-000-a-b.pcapng").c_str()), 0);
  ASSERT_TRUE(save_file(folder("theirs"), as_bytes("theirs")));
  ASSERT_EQ(symlink(folder("theirs").c_str(), (folder() + "/other-000-a-b.pcapng").c_str()), 0);
  ASSERT_TRUE(write_evidence(folder(), run));
  for (const char* name : {"/web-000-a-b.pcapng", "/other-000-a-b.pcapng"})
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(folder() + name))) << name;
  EXPECT_EQ(as_text(*load_file(folder("theirs"), "")), "theirs");
}

TEST_F(Evidence, AFolderThatOthersWriteInIsRefused) {
  CheckRun run = run_of({"web"});
  auto expect_refused = [&](const Status& status, std::string_view why) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, Error::Kind::usage);
    EXPECT_THAT(status.error().message(), HasSubstr(why));
    EXPECT_THAT(status.error().message(), HasSubstr("evidence folder '" + folder()));
  };
  ASSERT_EQ(mkdir(folder().c_str(), 0700), 0);
  for (mode_t mode : {0770U, 0702U, 0777U, 01777U}) {
    ASSERT_EQ(chmod(folder().c_str(), mode), 0);
    expect_refused(make_evidence_folder(folder()), "others may write in it (mode ");
    expect_refused(write_evidence(folder(), run), "others may write in it (mode ");
  }
  EXPECT_THAT(files_of(folder()), testing::IsEmpty());
  EXPECT_EQ(mode_of(folder()), 01777U) << "and is left as it is";
  ASSERT_EQ(chmod(folder().c_str(), 0755), 0);
  EXPECT_TRUE(make_evidence_folder(folder()));
  ASSERT_EQ(symlink(folder().c_str(), folder("evidence-link").c_str()), 0);
  EXPECT_TRUE(make_evidence_folder(folder("evidence-link"))) << "a link of our own";
  // Another user's: as root of somebody, as anybody else of root.
  if (geteuid() != 0) {
    EXPECT_FALSE(make_evidence_folder("/usr"));
    return;
  }
  ASSERT_EQ(lchown(folder("evidence-link").c_str(), 4711, 4711), 0);
  expect_refused(make_evidence_folder(folder("evidence-link")), "it is a link of another user (uid 4711)");
  ASSERT_EQ(chown(folder().c_str(), 4711, 4711), 0);
  expect_refused(make_evidence_folder(folder()), "it belongs to another user (uid 4711)");
  expect_refused(write_evidence(folder(), run), "it belongs to another user (uid 4711)");
}

TEST_F(Evidence, FoldersAreMadeOrRefusedBeforeTheRun) {
  const mode_t old = umask(0022);
  ASSERT_TRUE(make_evidence_folder(folder("a/b/c")));
  umask(0777);
  ASSERT_TRUE(make_evidence_folder(folder("narrow")));
  umask(old);
  EXPECT_EQ(mode_of(folder("a/b/c")), 0700U);
  EXPECT_EQ(mode_of(folder("narrow")), 0700U);
  EXPECT_EQ(mode_of(folder("a/b")), 0755U);
  ASSERT_TRUE(save_file(folder("file"), as_bytes("x")));
  for (const std::string& path : {folder("file"), folder("file/in"), std::string("/proc/evidence"), std::string(),
                                  folder("a\x1b[31m"), folder("a\\b"), folder("\xff"), folder(std::string(300, 'x'))}) {
    const Status status = make_evidence_folder(path);
    ASSERT_FALSE(status) << path;
    EXPECT_EQ(status.error().kind, Error::Kind::usage) << path;
    EXPECT_THAT(status.error().message(), HasSubstr("evidence folder")) << path;
    EXPECT_THAT(status.error().message(), testing::Not(HasSubstr("\x1b"))) << path;
  }
  EXPECT_EQ(files_of(folder(".")).size(), 3U) << "nothing was made of what was refused";
}

}  // namespace
}  // namespace tlsproof::report
