// The formats for pages of others: nothing of a peer becomes markup or a command there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tlsproof/base/text.h"
#include "tlsproof/report/github.h"
#include "tlsproof/report/markdown.h"
#include "unit/report/sample_run.h"

namespace tlsproof::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using verdict::CheckRun;
using verdict::FailOn;
using verdict::Verdict;

const std::string kShapes[] = {
    "::error::a\n::stop-commands::x\n##[error]y\r::add-mask::e",
    "| a | b |\n|---|\n<img src=x onerror=alert(1)> [x](http://evil) ![x](y) @all #1 www.evil.example https://evil",
    "` `` ``` </pre></details><script>alert(1)</script> &lt; *a* _b_ ~~c~~ $`x`$",
    "`",
    "``a",
    "\n\n# heading\n\n- list\n\n    code\n\n```\nfence",
    " ",
    "---",
    "1) a",
    std::string(100'000, '`'),
};

std::vector<std::string> lines_of(const std::string& text) {
  EXPECT_TRUE(text.ends_with('\n'));
  return split(std::string_view(text).substr(0, text.size() - 1), '\n');
}

// What the runner takes for a command (actions/runner, ActionCommand): the line, blanks before it aside.
bool is_command(std::string line) {
  line.erase(0, std::min(line.size(), line.find_first_not_of(" \t")));
  return line.starts_with("::") || line.starts_with("##[");
}

TEST(Github, EveryLineIsOursAndEveryCommandWhole) {
  for (const std::string& evil : kShapes) {
    const std::string text = write_github(make_hostile_run(evil));
    size_t num_commands = 0;
    for (const std::string& line : lines_of(text)) {
      if (!is_command(line)) {
        EXPECT_THAT(line, StartsWith("tlsproof: "));
        continue;
      }
      ++num_commands;
      EXPECT_TRUE(line.starts_with("::error title=") || line.starts_with("::warning title=") ||
                  line.starts_with("::notice title="))
          << line.substr(0, 100);
      const std::string properties = line.substr(2, line.find("::", 2) - 2);
      // title, and file and line where there is a target file; the tenth of many has no place.
      for (const std::string& property : split(properties.substr(properties.find(' ') + 1), ','))
        EXPECT_TRUE(property.starts_with("title=") || property.starts_with("file=") || property == "line=7")
            << property;
    }
    EXPECT_GT(num_commands, 5U);
    EXPECT_TRUE(std::ranges::none_of(text, [](char c) { return c >= 0 && c < ' ' && c != '\n'; }));
  }
}

CheckRun run_of_failures(size_t num, Verdict verdict) {
  CheckRun run;
  verdict::EndpointRun& endpoint = run.endpoints.emplace_back();
  endpoint.label = "50%: a, b";
  endpoint.line = 3;
  run.target_file = "./deploy/tls.yaml";
  for (size_t i = 0; i < num; ++i) {
    verdict::Finding& f = endpoint.findings.emplace_back();
    f.scenario = "s/" + std::to_string(i);
    f.verdict = verdict;
    f.seen = "half\n50%";
  }
  return run;
}

size_t num_starting(const std::string& text, std::string_view with) {
  const auto lines = lines_of(text);
  return static_cast<size_t>(std::ranges::count_if(lines, [&](const std::string& l) { return l.starts_with(with); }));
}

TEST(Github, WhatDoesNotFitIsTold) {
  EXPECT_EQ(num_starting(write_github(run_of_failures(10, Verdict::fail)), "::error "), 10U);
  const std::string text = write_github(run_of_failures(25, Verdict::fail));
  EXPECT_EQ(num_starting(text, "::error "), 10U);
  EXPECT_THAT(text,
              HasSubstr("::error title=16 more%2C of which GitHub shows no annotation::FAIL s/9 at 50%25: a, b%0A"));
  EXPECT_EQ(num_starting(text, "tlsproof: error: FAIL s/"), 25U);
}

TEST(Github, EscapesAsTheRunnerUndoes) {
  EXPECT_THAT(
      write_github(run_of_failures(1, Verdict::fail)),
      StartsWith("::error title=FAIL s/0 at 50%25%3A a%2C b,file=deploy/tls.yaml,line=3::%0Aseen: half\\n50%25\n"));
}

TEST(Github, LevelsFollowTheExitStatus) {
  struct Row {
    Verdict verdict;
    FailOn fail_on;
    const char* begin;
  };
  const Row kRows[] = {{Verdict::fail, FailOn::fail, "::error "},
                       {Verdict::fail, FailOn::none, "::warning "},
                       {Verdict::warn, FailOn::fail, "::warning "},
                       {Verdict::warn, FailOn::warn, "::error "},
                       {Verdict::info, FailOn::info, "::error title=INFO"},
                       {Verdict::error, FailOn::none, "::error title=ERROR"},
                       {Verdict::skip, FailOn::fail, "::error title=NOT TESTED"}};
  for (const Row& row : kRows)
    EXPECT_EQ(num_starting(write_github(run_of_failures(1, row.verdict), {.fail_on = row.fail_on}), row.begin), 1U)
        << row.begin;
  CheckRun run = run_of_failures(1, Verdict::fail);
  run.endpoints[0].findings[0].known = true;
  EXPECT_EQ(num_starting(write_github(run), "::notice title=KNOWN"), 1U);
  run.interrupted = true;
  EXPECT_EQ(num_starting(write_github(run), "::error title=INTERRUPTED"), 1U);
  EXPECT_EQ(num_starting(write_github(CheckRun{}), "::error title=NOT TESTED"), 1U);
  run = run_of_failures(0, Verdict::fail);
  run.endpoints[0].unreachable = true;
  EXPECT_EQ(num_starting(write_github(run), "::error title=UNREACHABLE"), 1U);
}

// A line of Markdown without its code spans, read as CommonMark §6.1 says: a run of backticks is closed by the next run
// of the same length; one that is not closed is text.
std::string without_code(const std::string& line) {
  std::string out;
  for (size_t at = 0; at < line.size();) {
    if (line[at] != '`') {
      out += line[at++];
      continue;
    }
    const size_t len = std::min(line.find_first_not_of('`', at), line.size()) - at;
    size_t end = at + len;
    while ((end = line.find('`', end)) != std::string::npos) {
      const size_t other = std::min(line.find_first_not_of('`', end), line.size()) - end;
      if (other == len) break;
      end += other;
    }
    if (end == std::string::npos) {
      out += line.substr(at, len);
      at += len;
    } else {
      at = end + len;
    }
  }
  return out;
}

TEST(Markdown, NothingOfAPeerIsMarkup) {
  for (const std::string& evil : kShapes) {
    const std::string text = write_markdown(make_hostile_run(evil));
    EXPECT_LT(text.size(), 1'000'000U);
    bool is_pre = false;
    size_t num_details = 0;
    for (const std::string& line : lines_of(text)) {
      if (line == "<pre>" || line == "</pre>") {
        EXPECT_NE(is_pre, line == "<pre>");
        is_pre = line == "<pre>";
        continue;
      }
      if (is_pre) {
        EXPECT_EQ(line.find('<'), std::string::npos) << line;
        continue;
      }
      if (line == "</details>") ++num_details;
      if (line.starts_with("<details><summary>") || line == "</details>") continue;
      const std::string bare = without_code(line);
      for (const char* markup : {"<", ">", "[", "]", "@", "`", "_", "~", "$", "\\", "www.", "http:", "https:"})
        EXPECT_EQ(bare.find(markup), std::string::npos) << markup << " in " << bare.substr(0, 300);
      // '#' but in headings of ours stands in references alone; '|' in the table alone, as often as it has columns.
      size_t at = bare.starts_with("### ") ? 4 : bare.starts_with("## tlsproof: ") ? 3 : 0;
      for (; (at = bare.find('#', at)) != std::string::npos; ++at) EXPECT_TRUE(at > 0 && bare[at - 1] == '&') << bare;
      EXPECT_EQ(std::ranges::count(bare, '|'), bare.starts_with('|') ? 11 : 0) << bare;
      EXPECT_FALSE(bare.starts_with("---") || bare.starts_with("1)") || bare.starts_with(' ')) << bare;
    }
    EXPECT_FALSE(is_pre);
    EXPECT_GT(num_details, 2U);
  }
}

TEST(Markdown, SaysWhatIsKnownFixedAndLeftOut) {
  const std::string text = write_markdown(make_sample_run());
  EXPECT_THAT(text, StartsWith("## tlsproof: FAILED\n"));
  EXPECT_THAT(text,
              HasSubstr("**mtls: 1 known from the baseline**\n\n- `oneway/lifetime` (fail): `issued for 730 days`\n"));
  EXPECT_THAT(text, HasSubstr("**mtls: 1 fixed since the baseline**\n\n- `mtls/none[tls=1.2]`\n"));
  EXPECT_THAT(text, Not(HasSubstr("left out")));
  CheckRun many = run_of_failures(2000, Verdict::fail);
  for (verdict::Finding& f : many.endpoints[0].findings) f.why = std::string(300, 'w');
  const std::string long_text = write_markdown(many);
  EXPECT_LT(long_text.size(), 600'000U);
  EXPECT_THAT(long_text, HasSubstr(" more findings are left out here; the other reports have them."));
}

}  // namespace
}  // namespace tlsproof::report
