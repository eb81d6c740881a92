#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/report/format.h"
#include "tlsproof/report/github.h"
#include "tlsproof/report/json.h"
#include "tlsproof/report/junit.h"
#include "tlsproof/report/markdown.h"
#include "tlsproof/report/text.h"
#include "unit/report/sample_file.h"
#include "unit/report/sample_run.h"

namespace tlsproof::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using verdict::CheckRun;
using verdict::Verdict;

TEST(Samples, AreWhatIsWritten) {
  const CheckRun run = make_sample_run();
  for (const Format& format : formats()) {
    std::string extension(format.name);
    if (format.name == "text") extension = "txt";
    if (format.name == "junit") extension = "xml";
    if (format.name == "markdown") extension = "md";
    if (format.name == "github") extension = "github.txt";
    expect_golden("check." + extension, format.write(run, {}));
  }
}

TEST(Formats, AreFoundByName) {
  ASSERT_NE(find_format("json"), nullptr);
  EXPECT_EQ(find_format("json")->write, &write_json);
  EXPECT_EQ(find_format("text")->write, &write_text);
  EXPECT_EQ(find_format("yaml"), nullptr);
  EXPECT_EQ(find_format(""), nullptr);
}

// Lines that may be wider: a command to be copied is never broken within a word.
bool is_command(std::string_view line) {
  return line.find("replay") != line.npos || line.starts_with("               ");
}

TEST(Text, StaysWithinTheWidthAndIsAsciiWhereAsked) {
  const CheckRun run = make_sample_run();
  for (size_t width : {60U, 80U, 132U}) {
    for (bool unicode : {true, false}) {
      const std::string text = write_text(run, {.width = width, .unicode = unicode, .verbose = true});
      for (const std::string& line : split(text, '\n')) {
        EXPECT_LE(display_width(line), width) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
        EXPECT_TRUE(unicode || std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; })) << line;
      }
      EXPECT_EQ(text.find("\n\n\n"), std::string::npos);
    }
  }
}

TEST(Text, ColoursOnlyWhenAskedAndTakeNoColumns) {
  const CheckRun run = make_sample_run();
  const std::string plain = write_text(run, {});
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  std::string coloured = write_text(run, {.colour = true});
  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31mFAIL"));
  for (size_t at = 0; (at = coloured.find("\x1b[")) != std::string::npos;) {
    coloured.erase(at, coloured.find('m', at) - at + 1);
  }
  // Blanks at the end of a line are dropped before it is coloured only where no colour follows them.
  auto trimmed = [](const std::string& text) {
    std::string out;
    for (const std::string& line : split(text, '\n')) out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    return out;
  };
  EXPECT_EQ(trimmed(coloured), trimmed(plain));
}

size_t num_of(const std::string& text, std::string_view what) {
  size_t num = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++num;
  return num;
}

CheckRun run_of(std::vector<Verdict> verdicts, bool unreachable = false) {
  CheckRun run;
  verdict::EndpointRun& endpoint = run.endpoints.emplace_back();
  endpoint.unreachable = unreachable;
  for (Verdict v : verdicts) {
    verdict::Finding& f = endpoint.findings.emplace_back();
    f.scenario = "s" + std::to_string(endpoint.findings.size());
    f.verdict = v;
  }
  return run;
}

TEST(Text, TheLastWordNeverSuggestsSuccessWhenNotAllWasJudged) {
  struct Row {
    CheckRun run;
    const char* line;
  };
  CheckRun interrupted = run_of({Verdict::pass});
  interrupted.interrupted = true;
  CheckRun two = run_of({Verdict::pass});
  two.endpoints.push_back(run_of({}, true).endpoints[0]);
  CheckRun waived = run_of({Verdict::pass, Verdict::fail});
  waived.endpoints[0].findings[1].waived = true;
  CheckRun not_here = run_of({Verdict::pass, Verdict::skip});
  not_here.endpoints[0].findings[1].applies = false;
  const Row kRows[] = {
      {not_here, "    PASSED  1 passed, 1 does not apply\n"},
      {run_of({Verdict::pass, Verdict::pass}), "    PASSED  2 passed\n"},
      {run_of({Verdict::pass, Verdict::info}), "    PASSED  1 passed, 1 for information\n"},
      {run_of({Verdict::pass, Verdict::warn}), "    PASSED WITH WARNINGS  1 passed, 1 warning\n"},
      {run_of({Verdict::pass, Verdict::fail, Verdict::skip, Verdict::skip}),
       "    FAILED  1 passed, 1 failed, 2 could not be tested\n"},
      {run_of({Verdict::pass, Verdict::skip}), "    PARTLY TESTED  1 passed, 1 could not be tested\n"},
      {run_of({Verdict::pass, Verdict::inconclusive}), "    INCOMPLETE  1 passed, 1 inconclusive\n"},
      {run_of({Verdict::pass, Verdict::error}), "    INCOMPLETE  1 passed, 1 error\n"},
      {run_of({Verdict::error}), "    INCOMPLETE  1 error\n"},
      {run_of({Verdict::skip}), "    NOT TESTED  1 could not be tested\n"},
      {run_of({Verdict::info}), "    NOT TESTED  1 for information\n"},
      {run_of({}), "    NOT TESTED  nothing\n"},
      {CheckRun{}, "    NOT TESTED  nothing\n"},
      {run_of({}, true), "    INCOMPLETE  nothing, 1 endpoint unreachable\n"},
      {interrupted, "    INTERRUPTED  1 passed, interrupted\n"},
      {two, "    INCOMPLETE  1 passed, 1 endpoint unreachable\n"},
      {waived, "    FAULTS EXCUSED  1 passed, 1 waived\n"},
  };
  for (const Row& row : kRows) {
    const std::string text = write_text(row.run, {});
    EXPECT_THAT(text, HasSubstr(row.line));
    const bool is_success = std::string_view(row.line).starts_with("    PASSED");
    if (is_success) {
      EXPECT_EQ(exit_status(row.run, verdict::FailOn::fail), 0) << row.line;
    }
    EXPECT_THAT(write_json(row.run), HasSubstr("\"conclusion\""));
  }
}

// Each verdict, excused and not, under each threshold, alone and beside what could not be tested.
TEST(Conclusion, NeverContradictsTheExitStatus) {
  using verdict::FailOn;
  const std::map<std::string, int> kStatus = {{"failed", 1},        {"incomplete", 3}, {"not_tested", 3},
                                              {"passed", 0},        {"warned", 0},     {"partly_tested", 0},
                                              {"interrupted", 130}, {"excused", 0}};
  for (FailOn fail_on : {FailOn::fail, FailOn::warn, FailOn::info, FailOn::none}) {
    for (Verdict v : {Verdict::pass, Verdict::fail, Verdict::warn, Verdict::info, Verdict::skip, Verdict::inconclusive,
                      Verdict::error}) {
      for (const char* excuse : {"", "waived", "known"}) {
        for (const auto& beside : {std::vector<Verdict>{v}, {v, Verdict::pass}, {v, Verdict::pass, Verdict::skip}}) {
          CheckRun run = run_of(beside);
          run.endpoints[0].findings[0].waived = std::string_view(excuse) == "waived";
          run.endpoints[0].findings[0].known = std::string_view(excuse) == "known";
          run.endpoints.push_back(run.endpoints[0]);
          const std::string json = write_json(run, {.fail_on = fail_on});
          const std::string key = "\"conclusion\": \"";
          const size_t begin = json.find(key) + key.size();
          const std::string word = json.substr(begin, json.find('"', begin) - begin);
          const std::string what = std::string(to_text(v)) + " " + excuse + " " + std::to_string(beside.size()) +
                                   " fail_on " + std::to_string(static_cast<int>(fail_on));
          ASSERT_TRUE(kStatus.contains(word)) << word;
          EXPECT_EQ(kStatus.at(word), exit_status(run, fail_on)) << what << ": " << word;
          // An open door is never a word of success.
          if (v == Verdict::fail && exit_status(run, fail_on) == 0) {
            EXPECT_EQ(word, "excused") << what;
          }
        }
      }
    }
  }
}

TEST(Conclusion, IsTheSameInEveryFormat) {
  struct Row {
    Verdict verdict;
    bool known;
    verdict::FailOn fail_on;
    std::string name, word;
  };
  const Row kRows[] = {{Verdict::warn, false, verdict::FailOn::warn, "failed", "FAILED"},
                       {Verdict::warn, false, verdict::FailOn::fail, "warned", "PASSED WITH WARNINGS"},
                       {Verdict::info, false, verdict::FailOn::info, "failed", "FAILED"},
                       {Verdict::fail, false, verdict::FailOn::none, "excused", "FAULTS EXCUSED"},
                       {Verdict::fail, true, verdict::FailOn::fail, "excused", "FAULTS EXCUSED"},
                       {Verdict::warn, true, verdict::FailOn::warn, "excused", "FAULTS EXCUSED"},
                       {Verdict::warn, true, verdict::FailOn::fail, "passed", "PASSED"}};
  for (const Row& row : kRows) {
    CheckRun run = run_of({Verdict::pass, row.verdict});
    run.endpoints[0].findings[1].known = row.known;
    const Style style{.fail_on = row.fail_on};
    EXPECT_THAT(write_json(run, style), HasSubstr("\"conclusion\": \"" + row.name + "\""));
    EXPECT_THAT(write_junit(run, style), HasSubstr("name=\"conclusion\" value=\"" + row.name + "\""));
    EXPECT_THAT(write_text(run, style), HasSubstr("    " + row.word + "  1 passed, "));
    EXPECT_THAT(write_markdown(run, style), StartsWith("## tlsproof: " + row.word + "\n"));
    EXPECT_THAT(write_github(run, style), HasSubstr("tlsproof: " + row.word + "  1 passed, "));
  }
}

// --fail-on info: what is held against the endpoint has its story.
TEST(Conclusion, OfInformationIsExplained) {
  CheckRun run = run_of({Verdict::pass, Verdict::info});
  run.endpoints[0].findings[1].seen = "accepted: HTTP 200";
  const Style style{.fail_on = verdict::FailOn::info};
  EXPECT_THAT(write_markdown(run, style), HasSubstr("### INFO: `s2`"));
  EXPECT_THAT(write_text(run, style), HasSubstr("─── INFO"));
  EXPECT_EQ(write_markdown(run).find("### INFO"), std::string::npos);
}

TEST(Text, VersionsThatSayTheSameAreOneRowAndOneStory) {
  const std::string text = write_text(make_sample_run(), {});
  EXPECT_THAT(text, HasSubstr("\n      FAIL          expired               1.2 1.3  An expired"));
  size_t stories = 0;
  for (const std::string& line : split(text, '\n')) stories += line.starts_with("─── FAIL");
  EXPECT_EQ(stories, 1U);
  CheckRun differ = make_sample_run();
  differ.endpoints[1].findings[5].seen = "something else";
  const std::string two = write_text(differ, {});
  EXPECT_THAT(two, HasSubstr("─── FAIL  mtls/expired  TLS 1.2 ─"));
  EXPECT_THAT(two, HasSubstr("─── FAIL  mtls/expired  TLS 1.3 ─"));
}

TEST(Text, LongSuitesStayAtAGlance) {
  CheckRun run;
  verdict::EndpointRun& endpoint = run.endpoints.emplace_back();
  for (int i = 0; i < 120; ++i) {
    verdict::Finding& f = endpoint.findings.emplace_back();
    f.scenario =
        (i < 60 ? "conformance/rfc8446/hello/check_" : "conformance/rfc8446/finished/check_") + std::to_string(i / 2);
    f.case_id = i % 2 == 0 ? "[tls=1.2]" : "[tls=1.3]";
    f.title = "Something holds";
    f.verdict = i == 7 ? Verdict::fail : Verdict::pass;
  }
  const std::string text = write_text(run, {});
  EXPECT_THAT(text, HasSubstr("    conformance/rfc8446/hello  59 passed, 1 failed\n"
                              "      FAIL  check_3  1.3  Something holds\n"
                              "      PASS  check_0, check_1, check_2, check_3 1.2, check_4, "));
  EXPECT_LT(num_of(text.substr(0, text.find("─── FAIL")), "\n"), 20U);
  EXPECT_GT(num_of(write_text(run, {.verbose = true}), "\n      PASS  check_"), 58U);
}

// Versions that could not be told are one thing to know, not one for each scenario.
TEST(Text, OneReasonIsToldOnce) {
  CheckRun run =
      run_of({Verdict::inconclusive, Verdict::inconclusive, Verdict::inconclusive, Verdict::error, Verdict::error});
  std::vector<verdict::Finding>& findings = run.endpoints[0].findings;
  for (size_t i : {0U, 1U, 3U}) findings[i].reason = "nobody knows whether it speaks TLS 1.2";
  findings[2].reason = "another one";
  const std::string text = write_text(run, {});
  EXPECT_THAT(text, HasSubstr("─── INCONCLUSIVE  2 cases of 2 scenarios ─"));
  EXPECT_THAT(text, HasSubstr("    because  nobody knows whether it speaks TLS 1.2\n    cases    s1, s2\n"));
  for (const char* title : {"─── INCONCLUSIVE  s3 ─", "─── ERROR  s4 ─", "─── ERROR  s5 ─"})
    EXPECT_EQ(num_of(text, title), 1U) << title;
  findings[1].repeats = {"1 of 2: this", "1 of 2: that"};
  EXPECT_THAT(write_text(run, {}), HasSubstr("─── INCONCLUSIVE  s2 ─")) << "what it saw is its own";
}

// A log of GitHub Actions obeys lines that begin with :: or ##[, blanks aside.
TEST(Text, NoLineIsACommandOfTheRunner) {
  for (const std::string evil : {"::add-mask::e", "##[error]e"}) {
    CheckRun run = run_of({Verdict::fail, Verdict::info});
    std::string text_of_many_lines;
    for (int i = 0; i < 60; ++i) text_of_many_lines += std::string(static_cast<size_t>(i % 7), 'x') + " " + evil;
    for (verdict::Finding& f : run.endpoints[0].findings)
      f.seen = f.why = f.reason = f.title = f.wanted = text_of_many_lines;
    size_t num_guarded = 0;
    for (const std::string& line : split(write_text(run, {}), '\n')) {
      const std::string trimmed = line.substr(std::min(line.size(), line.find_first_not_of(' ')));
      EXPECT_FALSE(trimmed.starts_with("::") || trimmed.starts_with("##[")) << line;
      num_guarded += trimmed.starts_with("\\" + evil.substr(0, 2)) ? 1U : 0U;
    }
    EXPECT_GT(num_guarded, 0U);
  }
  CheckRun run = run_of({Verdict::fail});
  run.endpoints[0].findings[0].seen = "::1 refused";
  EXPECT_THAT(write_text(run, {}), HasSubstr("seen     ::1 refused\n"));
}

TEST(Text, ACommandCanBeCopied) {
  CheckRun run = run_of({Verdict::fail});
  run.endpoints[0].findings[0].replay =
      "tlsproof check --target 'a file with blanks that is rather long.yaml' --trust ca.pem --client-cert \"c d.pem\" "
      "'mtls/expired[tls=1.3]'";
  const std::string text = write_text(run, {});
  EXPECT_THAT(text, HasSubstr("    replay   tlsproof check --target \\\n"
                              "               'a file with blanks that is rather long.yaml' --trust ca.pem \\\n"
                              "               --client-cert \"c d.pem\" 'mtls/expired[tls=1.3]'\n"));
}

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(testing::TempDir() + "tlsproof-report-XXXXXX") {
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Every field that is a text, and every name that a peer chooses.
TEST(Hostile, NothingReachesATerminalOrBreaksADocument) {
  const std::string shapes[] = {
      "::error::a\xef\xbf\xbf b\xef\xbf\xbe|`<b>\n::stop-commands::x\n##[error]y",
      "\x1b]0;owned\x07\x1b[2J\x9b"
      "31m\r\n\t\x7f\xff\xfe\xe2\x80\xae\xe2\x80\x8b\xc2\x9b"
      "2J\"\\</script>&]]>" +
          std::string(1, '\0') + "end",
      std::string(1 << 20, 'A'),
      std::string(1 << 18, '\x1b'),
      "\xf0\x9f",  // the first half of a code point
      std::string(70'000, '\x80'),
  };
  const TemporaryFolder folder;
  for (const std::string& evil : shapes) {
    const CheckRun run = make_hostile_run(evil);
    for (bool verbose : {false, true}) {
      const std::string text = write_text(run, {.verbose = verbose});
      EXPECT_LT(text.size(), 4U << 20);
      EXPECT_TRUE(is_valid_utf8(text));
      for (const std::string& line : split(text, '\n')) {
        EXPECT_TRUE(std::ranges::none_of(line, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }));
        // Escaping finds nothing more to escape: only backslashes, which it doubles, may differ.
        std::string without_backslashes = line;
        std::erase(without_backslashes, '\\');
        EXPECT_EQ(escape_terminal(without_backslashes), without_backslashes);
        EXPECT_TRUE(display_width(line) <= 80 || is_command(line)) << line.substr(0, 200);
      }
    }
    const std::string json = write_json(run);
    EXPECT_TRUE(is_valid_utf8(json));
    EXPECT_TRUE(std::ranges::none_of(json, [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == 0x7f; }));
    const std::string path = folder.path() + "/" + std::to_string(&evil - shapes);
    ASSERT_TRUE(save_file(path + ".json", as_bytes(json)));
    ASSERT_TRUE(save_file(path + ".xml", as_bytes(write_junit(run))));
  }
  if (std::system("xmllint --version 2>/dev/null") == 0) {
    const std::string schema = std::string(TLSPROOF_SOURCE_DIR) + "/reports/schema/junit.xsd";
    EXPECT_EQ(
        std::system(("xmllint --huge --noout --schema '" + schema + "' " + folder.path() + "/*.xml 2>&1").c_str()), 0);
  } else {
    EXPECT_EQ(std::getenv("TLSPROOF_REQUIRE_TOOLS"), nullptr) << "xmllint is not installed, and it is required";
  }
  // An independent reader: each is one JSON document, and valid by the published schema.
  const std::string command = "/usr/bin/python3 - '" + std::string(TLSPROOF_SOURCE_DIR) +
                              "/reports/schema/check.schema.json' " + folder.path() + "/*.json <<'END'\n" +
                              "import json, sys\n"
                              "documents = [json.load(open(name, encoding='utf-8')) for name in sys.argv[2:]]\n"
                              "import jsonschema\n"
                              "validator = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))\n"
                              "for document in documents: validator.validate(document)\n"
                              "END\n";
  if (std::system("/usr/bin/python3 -c 'import jsonschema' 2>/dev/null") != 0) {
    ASSERT_EQ(std::getenv("TLSPROOF_REQUIRE_TOOLS"), nullptr)
        << "python3-jsonschema is not installed, and it is required";
    GTEST_SKIP() << "python3-jsonschema is not installed";
  }
  EXPECT_EQ(std::system(command.c_str()), 0);
}

// Every set of verdicts with each threshold, complete or not: the file and the exit status tell the same.
TEST(Junit, FailuresAndErrorsAreWhatTheExitStatusIs) {
  using verdict::FailOn;
  for (unsigned mask = 0; mask < 1U << 7; ++mask) {
    for (int excuse = 0; excuse < 3; ++excuse) {
      std::vector<Verdict> verdicts;
      for (unsigned i = 0; i < 7; ++i)
        if ((mask >> i & 1) != 0) verdicts.push_back(static_cast<Verdict>(i));
      CheckRun run = run_of(verdicts, mask % 5 == 4);
      for (verdict::Finding& f : run.endpoints[0].findings) {
        const bool may_be_excused = f.verdict == Verdict::fail || f.verdict == Verdict::warn;
        f.waived = excuse == 1 && may_be_excused;
        f.known = excuse == 2 && may_be_excused;
      }
      run.interrupted = mask % 7 == 6;
      for (FailOn fail_on : {FailOn::fail, FailOn::warn, FailOn::info, FailOn::none}) {
        const std::string xml = write_junit(run, {.fail_on = fail_on});
        const size_t failures = num_of(xml, "<failure ");
        const size_t errors = num_of(xml, "<error ");
        const int status = exit_status(run, fail_on);
        const std::string what = "mask " + std::to_string(mask) + " status " + std::to_string(status) + "\n" + xml;
        EXPECT_EQ(status == 0, failures + errors == 0) << what;
        EXPECT_TRUE(run.interrupted || (status == 1) == (failures > 0)) << what;
        EXPECT_TRUE(errors > 0 || (status != 3 && status != 130)) << what;
        EXPECT_EQ(num_of(xml, "<error type=\"interrupted\""), run.interrupted ? 1U : 0U) << what;
        EXPECT_THAT(xml, Not(HasSubstr("tests=\"0\""))) << what;
        const auto sum = " failures=\"" + std::to_string(failures) + "\" errors=\"" + std::to_string(errors) + "\" ";
        EXPECT_EQ(num_of(xml.substr(0, xml.find('>', xml.find("<testsuites"))), sum), 1U) << what;
      }
    }
  }
  EXPECT_THAT(write_junit(CheckRun{}), HasSubstr("<error type=\"not_tested\" message=\"no endpoint was checked\">"));
}

TEST(Junit, NamesAreUniqueInTheFile) {
  CheckRun run = run_of({Verdict::pass, Verdict::pass});
  run.endpoints[0].findings[1].scenario = run.endpoints[0].findings[0].scenario = "a/b";
  run.endpoints.push_back(run.endpoints[0]);
  const std::string xml = write_junit(run);
  for (const char* name : {"name=\"a/b\"", "name=\"a/b #2\"", "name=\"a/b #3\"", "name=\"a/b #4\""})
    EXPECT_EQ(num_of(xml, name), 1U) << xml;
}

TEST(Junit, NumbersAreTheSameInEveryLocale) {
  CheckRun run = run_of({Verdict::pass});
  run.endpoints[0].findings[0].duration_ns = 1'234'567'890'123;
  EXPECT_THAT(write_junit(run), HasSubstr("time=\"1234.567890\""));
}

// XML 1.0 forbids these even as references.
TEST(Junit, CharactersThatXmlForbidsAreShownOtherwise) {
  CheckRun run = run_of({Verdict::fail});
  run.endpoints[0].findings[0].seen = "a\xef\xbf\xbe b\xef\xbf\xbf c\x01 \xc3( ]]> <&>\"";
  const std::string xml = write_junit(run);
  EXPECT_THAT(xml, HasSubstr("a\\u{fffe} b\\u{ffff} c\\x01 \\xc3( ]]&gt; &lt;&amp;&gt;\""));
  EXPECT_THAT(xml, Not(HasSubstr("\xef\xbf\xbe")));
  EXPECT_THAT(xml, Not(HasSubstr("&#")));
}

TEST(Json, EvidenceLeadsOnlyToWhatIsThere) {
  CheckRun run = make_sample_run();
  verdict::Finding& finding = run.endpoints[1].findings[0];
  finding.evidence = {{0, {0, 987'654}}, {876'543, {0}}, {3, {1}}};  // attempt 3 has no trace
  const std::string json = write_json(run);
  EXPECT_THAT(json, Not(HasSubstr("987654")));
  EXPECT_THAT(json, Not(HasSubstr("876543")));
  EXPECT_THAT(write_text(run, {.verbose = true}), HasSubstr("no trace of it was kept"));
}

TEST(Secrets, AreInNoReport) {
  CheckRun run = make_sample_run();
  ManualClock clock;
  auto trace = std::make_shared<trace::Trace>(clock);
  trace->begin("", "");
  const Bytes secret(48, 0xab);
  trace->on_secret(trace::SecretLabel::client_random, {}, secret);
  trace->on_event(trace::EventKind::note, trace::Direction::client_to_server, "n");
  run.endpoints[1].attempts[1].trace = trace;
  for (const Format& format : formats()) {
    const std::string text = format.write(run, {.verbose = true});
    EXPECT_THAT(text, Not(HasSubstr("abababab")));
  }
}

}  // namespace
}  // namespace tlsproof::report
