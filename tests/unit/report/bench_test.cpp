#include "tlsproof/report/bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <pugixml.hpp>

#include "src/report/bench_figures.h"
#include "tlsproof/base/text.h"
#include "tlsproof/report/bench_read.h"
#include "unit/report/bench_sample.h"
#include "unit/report/sample_file.h"

namespace tlsproof::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Holds = load::GateResult::Holds;

TEST(BenchSamples, AreWhatIsWritten) {
  const BenchReport report = make_bench_report();
  expect_golden("bench.txt", write_bench_text(report));
  expect_golden("bench.json", write_bench_json(report));
  expect_golden("bench.csv", write_bench_csv(report));
  expect_golden("bench.xml", write_bench_junit(report));
  expect_golden("bench.svg", write_bench_svg(report));
  expect_golden("bench-versus.txt", write_bench_text(make_versus_report()));
  expect_golden("bench-versus.svg", write_bench_svg(make_versus_report()));
  expect_golden("bench-find-max.txt", write_bench_text(make_find_max_report()));
}

TEST(BenchFigures, HaveThreeDigitsAndSayNothingMore) {
  EXPECT_EQ(significant(0), "0");
  EXPECT_EQ(significant(0.05214), "0.0521");
  EXPECT_EQ(significant(0.5214), "0.521");
  EXPECT_EQ(significant(9.996), "10.0");
  EXPECT_EQ(significant(99.96), "100");
  EXPECT_EQ(significant(1234.6), "1235");
  EXPECT_EQ(duration_text(5'000'000'000), "5 s");
  EXPECT_EQ(duration_text(200'000'000), "200 ms");
  EXPECT_EQ(duration_text(1'500'000'000), "1.50 s");
  EXPECT_EQ(duration_text(120'000'000'000), "2 min");
  EXPECT_EQ(percent_text(0, 0), "0 %");
  EXPECT_EQ(percent_text(1, 1'000'000), "below 0.01 %");
  EXPECT_EQ(percent_text(999'999, 1'000'000), "over 99.99 %");  // never "100 %" for less than all
  EXPECT_EQ(percent_text(1, 3), "33.3 %");
}

TEST(BenchText, StaysWithinTheWidthAndIsAsciiWhereAsked) {
  for (const BenchReport& report : {make_bench_report(), make_versus_report(), make_find_max_report()})
    for (const size_t width : {80U, 132U})
      for (const bool unicode : {true, false})
        for (const std::string& line : split(write_bench_text(report, {.width = width, .unicode = unicode}), '\n')) {
          EXPECT_LE(display_width(line), width) << line;
          EXPECT_TRUE(unicode || std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; })) << line;
        }
}

TEST(BenchText, SaysWhatWasAskedForAndDidNotHappen) {
  EXPECT_THAT(write_bench_text(make_bench_report()), HasSubstr("psk asked for, full made by the server"));
}

TEST(Bench, ExitStatusSaysWhatTheReportSays) {
  BenchReport good = make_bench_report();
  good.sides[0].gates.clear();
  EXPECT_EQ(bench_exit_status(good), 0);
  EXPECT_THAT(write_bench_text(good), HasSubstr("\n    MEASURED\n"));

  BenchReport failed = make_bench_report();
  EXPECT_EQ(bench_exit_status(failed), 1);  // one gate is true, another's figure was not measured: 1 beats 3
  EXPECT_THAT(write_bench_text(failed), HasSubstr("\n    FAILED  "));

  BenchReport unknown = make_bench_report();
  std::erase_if(unknown.sides[0].gates, [](const auto& gate) { return gate.holds == Holds::yes; });
  EXPECT_EQ(bench_exit_status(unknown), 3);
  EXPECT_THAT(write_bench_text(unknown), HasSubstr("\n    INCOMPLETE  "));

  BenchReport nothing = good;
  for (load::Measurement& one : nothing.sides[0].run.repeats) one.completed = 0;
  EXPECT_EQ(bench_exit_status(nothing), 3);

  BenchReport interrupted = make_bench_report();
  interrupted.interrupted = true;
  EXPECT_EQ(bench_exit_status(interrupted), 130);

  BenchReport search = make_find_max_report();
  EXPECT_EQ(bench_exit_status(search), 0);
  search.find_max->rate = 0;
  search.sides[0].run.repeats.clear();
  EXPECT_EQ(bench_exit_status(search), 1);
  search.find_max->generator_limited = true;  // then nothing is known of the server
  EXPECT_EQ(bench_exit_status(search), 3);
  EXPECT_EQ(bench_exit_status({}), 3);
}

TEST(Bench, TooFewRepeatsAreNoComparison) {
  BenchReport report = make_versus_report();
  EXPECT_EQ(bench_exit_status(report), 0);
  EXPECT_THAT(write_bench_text(report), HasSubstr("about one row in twenty differs by chance alone"));
  for (BenchSide& side : report.sides) side.run.repeats.resize(2);
  report.comparison = load::compare(load::series_of(report.sides[0].run), load::series_of(report.sides[1].run), true);
  EXPECT_EQ(bench_exit_status(report), 3);
  EXPECT_THAT(write_bench_text(report), HasSubstr("nothing could be compared: too few repeats"));
  EXPECT_THAT(write_bench_text(report), Not(HasSubstr("by chance")));
}

TEST(BenchText, SearchTellsWhyARateDidNotHold) {
  BenchReport report = make_find_max_report();
  report.find_max->tried[1].generator_limited = true;
  report.find_max->tried[1].why_not = "errors is 3, not 0; the generator was the limit";
  EXPECT_THAT(write_bench_text(report), HasSubstr("errors is 3, not 0"));
}

TEST(BenchJunit, SearchThatNobodyAnsweredIsNotTested) {
  BenchReport report = make_find_max_report();
  report.find_max->rate = 0;
  report.sides[0].run.repeats.clear();
  EXPECT_THAT(write_bench_junit(report), HasSubstr("<failure"));  // others did complete
  for (load::RateTried& tried : report.find_max->tried) tried.measurement.completed = 0;
  EXPECT_EQ(bench_exit_status(report), 3);
  const std::string junit = write_bench_junit(report);
  EXPECT_THAT(junit, HasSubstr("tests=\"2\" failures=\"0\" errors=\"2\""));
  EXPECT_THAT(junit, Not(HasSubstr("<failure")));
}

TEST(BenchFormats, NothingOfAnybodyComesAlive) {
  const std::string evil = "\x1b[31m\r\n\t::error::x\n\"'<script>&amp;]]>\xff\xfe\xef\xbf\xbe\u202e\u0007=1+1\\";
  const BenchReport report = make_hostile_bench_report(evil);
  for (const BenchFormat& format : bench_formats()) {
    const std::string text = format.write(report, {});
    EXPECT_TRUE(is_valid_utf8(text)) << format.name;
    EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << format.name;
    EXPECT_THAT(text, Not(HasSubstr("\u202e"))) << format.name;
    for (const std::string& line : split(text, '\n')) EXPECT_FALSE(line.starts_with("::error")) << format.name;
    if (format.name != "junit" && format.name != "svg") continue;
    EXPECT_EQ(text.find("<script>"), std::string::npos) << format.name;
    pugi::xml_document document;
    EXPECT_TRUE(document.load_string(text.c_str())) << format.name;
    EXPECT_TRUE(document.select_nodes("//script").empty());
  }
}

TEST(BenchSvg, StandsAlone) {
  for (const BenchReport& report : {make_bench_report(), make_versus_report(), make_find_max_report(), BenchReport{}}) {
    const std::string svg = write_bench_svg(report);
    pugi::xml_document document;
    ASSERT_TRUE(document.load_string(svg.c_str()));
    EXPECT_STREQ(document.document_element().name(), "svg");
    // The namespace is its only address.
    EXPECT_EQ(svg.find("http"), svg.rfind("http"));
    EXPECT_THAT(svg, Not(HasSubstr("href")));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
}

// ---- reading -------------------------------------------------------------------------------------------------------

TEST(BenchRead, GivesBackWhatWasWritten) {
  const BenchReport report = make_bench_report();
  const auto read = parse_bench_report(write_bench_json(report), "a.json");
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->size(), 1U);
  BenchReport again = report;
  again.sides[0].run = read->front().run;
  // Replays are not in a report, and nothing else is missing.
  BenchReport without = report;
  without.sides[0].evidence.clear();
  for (load::Measurement& one : without.sides[0].run.repeats)
    for (auto& [error, count] : one.errors) count.replay = nullptr;
  EXPECT_EQ(write_bench_json(again), write_bench_json(without));
  EXPECT_EQ(load::incomparable(report.sides[0].run.plan, read->front().run.plan), "");
}

TEST(BenchRead, TwoSidesAreRead) {
  const auto read = parse_bench_report(write_bench_json(make_versus_report()), "a.json");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->size(), 2U);
}

TEST(BenchRead, ManySecondsAreRead) {
  BenchReport report = make_bench_report();
  auto& seconds = report.sides[0].run.repeats[0].seconds;
  seconds.resize(18'000);
  for (size_t i = 0; i < seconds.size(); i += 2) seconds[i].finished.record(2'000'000), seconds[i].finished.compact();
  const std::string json = write_bench_json(report);
  const auto read = parse_bench_report(json, "a.json");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->front().run.repeats[0].seconds.size(), 18'000U);
  EXPECT_EQ(read->front().run.repeats[0].seconds[4].finished.count(), 1U);
  EXPECT_TRUE(read->front().run.repeats[0].seconds[5].finished.empty());
}

TEST(BenchRead, RefusesWhatIsNoReport) {
  const std::string good = write_bench_json(make_bench_report());
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string out = good;
    const size_t at = out.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) out.replace(at, from.size(), to);
    return out;
  };
  const std::pair<std::string, const char*> kRows[] = {
      {"", "no valid JSON"},
      {"{}", "it names no schema"},
      {good.substr(0, good.size() / 2), "no valid JSON"},
      {changed("tlsproof-bench/1", "tlsproof-bench/2"), "its schema is 'tlsproof-bench/2'"},
      {changed("tlsproof-bench/1", "tlsproof-check/1"), "its schema is 'tlsproof-check/1'"},
      {"{\"schema\": \"tlsproof-bench/1\", \"sides\": []}", "nothing was measured"},
      {"{\"schema\": \"tlsproof-bench/1\", \"sides\": [{}]}", "a side has no plan"},
      {changed("\"verification\": \"cached\"", "\"verification\": \"chached\""), "'chached' is not known"},
      {changed("\"asked\": \"full\"", "\"asked\": \"fool\""), "'fool' is not known"},
      {changed("\"buckets\": [[", "\"buckets\": [[99999999,1],["), "no such bucket"},
      {changed("\"buckets\": [[", "\"buckets\": [[1,2,3],["), "no such bucket"},
      {changed("\"completed\": ", "\"completed\": -"), "cannot be"},
      {changed("\"completed\": ", "\"completed\": 1e999, \"x\": "), "too big"},
      {changed("\"x25519\"", "\"x25520\""), "'x25520' is no group"},
  };
  for (const auto& [text, why] : kRows) {
    const auto read = parse_bench_report(text, "a.json");
    ASSERT_FALSE(read) << why;
    EXPECT_EQ(read.error().kind, Error::Kind::usage);
    EXPECT_THAT(read.error().what, HasSubstr("'a.json'"));
    EXPECT_THAT(read.error().what, HasSubstr(why));
  }
}

TEST(BenchRead, IsBoundedWhateverTheFileHolds) {
  std::string many = "{\"schema\": \"tlsproof-bench/1\", \"sides\": [{\"repeats\": [{\"seconds\": [";
  for (int i = 0; i < 200'001; ++i) many += i == 0 ? "{}" : ",{}";
  EXPECT_FALSE(parse_bench_report(many + "]}]}]}", "a.json"));
  std::string deep = "{\"sides\":";
  for (int i = 0; i < 1000; ++i) deep += '[';
  EXPECT_FALSE(parse_bench_report(deep, "a.json"));
  // A few bytes that take 270 kB each.
  const std::string wide = R"({"finished":{"count":2,"min_ns":1,"max_ns":4000000000000,"buckets":[[1,1],[33000,1]]}})";
  many.resize(many.find("{}"));
  for (int i = 0; i < 2100; ++i) many += (i == 0 ? "" : ",") + wide;
  const auto huge = parse_bench_report(many + "]}]}]}", "a.json");
  ASSERT_FALSE(huge);
  EXPECT_THAT(huge.error().what, HasSubstr("too much memory"));
  // Sums of counts that no counter holds.
  EXPECT_TRUE(
      parse_bench_report(R"({"schema":"tlsproof-bench/1","sides":[{"plan":{"target":"x","mix":[{"kind":"full"}]},
      "repeats":[{"started":1e18,"completed":1e18}]}]})",
                         "a.json"));
}

// ---- shards --------------------------------------------------------------------------------------------------------

std::vector<BenchSide> shards_of(unsigned num) {
  std::vector<BenchSide> out;
  for (unsigned i = 1; i <= num; ++i) {
    out.push_back(make_bench_report().sides[0]);
    out.back().run.plan.shard = i;
    out.back().run.plan.num_shards = num;
  }
  return out;
}
const std::vector<std::string> kPaths = {"a.json", "b.json"};

TEST(BenchShards, AddUp) {
  const auto shards = shards_of(2);
  const auto whole = merge_shards(shards, kPaths);
  ASSERT_TRUE(whole) << whole.error().message();
  const load::Measurement& one = shards[0].run.repeats[0];
  const load::Measurement& both = whole->run.repeats[0];
  EXPECT_EQ(both.completed, 2 * one.completed);
  EXPECT_EQ(both.duration_ns, one.duration_ns);  // they ran at the same time
  EXPECT_EQ(both.phases[2].count(), 2 * one.phases[2].count());
  EXPECT_EQ(both.phases[2].percentile(99), one.phases[2].percentile(99));
  EXPECT_EQ(both.seconds.size(), one.seconds.size());
  EXPECT_EQ(both.num_failed(), 2 * one.num_failed());
  EXPECT_EQ(both.threads.size(), 2U);
  EXPECT_FALSE(both.server_cpu_ns);  // both watched the same server
  EXPECT_FALSE(whole->run.plan.server_pid);
  auto counted = shards_of(2);
  counted[0].run.plan.count = 16;
  counted[1].run.plan.count = 15;
  EXPECT_EQ(merge_shards(counted, kPaths)->run.plan.count, 31U);
}

TEST(BenchShards, OfOtherPlansAreRefused) {
  const std::pair<const char*, void (*)(load::Plan&)> kRows[] = {
      {"rate", [](load::Plan& plan) { plan.arrivals.rate = 7; }},
      {"mix", [](load::Plan& plan) { plan.mix[0].weight = 71; }},
      {"versions", [](load::Plan& plan) { plan.client.versions = {0x0303}; }},
      {"server names", [](load::Plan& plan) { plan.name = "other.example.com"; }},
      {"duration", [](load::Plan& plan) { ++plan.duration_ns; }},
      {"warm-up", [](load::Plan& plan) { plan.warm_up_ns = 0; }},
      {"count", [](load::Plan& plan) { plan.count = 1; }},
      {"HTTP request", [](load::Plan& plan) { plan.http_request = {'G'}; }},
      {"confirmation", [](load::Plan& plan) { plan.confirm = true; }},
      {"close", [](load::Plan& plan) { plan.close_by = load::CloseBy::reset; }},
      {"client certificate",
       [](load::Plan& plan) {
         plan.identity = std::make_shared<const load::ClientKey>(
             load::ClientKey{{}, *crypto::PrivateKey::generate(crypto::KeyKind::ed25519)});
       }},
  };
  for (const auto& [what, change] : kRows) {
    auto shards = shards_of(2);
    change(shards[1].run.plan);
    const auto merged = merge_shards(shards, kPaths);
    ASSERT_FALSE(merged) << what;
    EXPECT_EQ(merged.error().kind, Error::Kind::usage);
    EXPECT_THAT(merged.error().what, HasSubstr(std::string("'b.json' (shard 2 of 2) is no part of the same load")));
    EXPECT_THAT(merged.error().what, HasSubstr(std::string("another ") + what));
  }
}

TEST(BenchShards, OfOtherTimesAreRefused) {
  auto late = shards_of(2);
  late[1].run.repeats[1].start_wall_ns += 290'000'000;  // of 3 s
  EXPECT_TRUE(merge_shards(late, kPaths));
  late[1].run.repeats[1].start_wall_ns += 20'000'000;
  EXPECT_THAT(merge_shards(late, kPaths).error().what,
              HasSubstr("'b.json' (shard 2 of 2) did not run at the same time as the others: 89.7 % of repeat 2"));
  late[1].run.repeats[1].start_wall_ns += 5'000'000'000;
  EXPECT_THAT(merge_shards(late, kPaths).error().what, HasSubstr(" 0.0 % of repeat 2"));
  auto brief = shards_of(2);
  brief[1].run.repeats[0].duration_ns = 2'000'000'000;
  EXPECT_FALSE(merge_shards(brief, kPaths));
}

TEST(BenchShards, AreRefusedWhereTheyDoNotMakeAWhole) {
  auto twice = shards_of(2);
  twice[1].run.plan.shard = 1;
  EXPECT_THAT(merge_shards(twice, kPaths).error().what, HasSubstr("is there twice"));
  auto missing = shards_of(3);
  missing.pop_back();
  EXPECT_THAT(merge_shards(missing, kPaths).error().what, HasSubstr("2 reports are given"));
  auto other = shards_of(2);
  other[1].run.plan.verification = load::Verification::none;
  EXPECT_THAT(merge_shards(other, kPaths).error().what, HasSubstr("no part of the same load"));
  auto short_of = shards_of(2);
  short_of[1].run.repeats.pop_back();
  EXPECT_THAT(merge_shards(short_of, kPaths).error().what, HasSubstr("repeats"));
}

}  // namespace
}  // namespace tlsproof::report
