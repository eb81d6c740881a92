// tlsproof list, tlsproof explain: what is checked, and why.
#include <fmt/format.h>

#include "check_options.h"
#include "tlsproof/base/text.h"
#include "tlsproof/cli/command.h"
#include "tlsproof/cli/options.h"
#include "tlsproof/pki/fault.h"
#include "tlsproof/rules/rules.h"
#include "tlsproof/scenario/library.h"
#include "tlsproof/target/features.h"
#include "tlsproof/target/target.h"

namespace tlsproof::cli {
namespace {

std::string versions_text(const scenario::Scenario& one) {
  std::vector<std::string> words;
  for (uint16_t version : one.versions) words.push_back(target::version_text(version));
  return join(words, " ");
}

std::string list_text(const scenario::Library& library, std::span<const scenario::Selected> selected,
                      bool with_suites) {
  std::string out;
  if (with_suites) {
    out += "Suites\n";
    for (const scenario::Suite& suite : library.suites())
      out += wrap(fmt::format("  {:<10}{}", suite.name, suite.title), 80, "            ") + "\n";
    out += "\nScenarios\n";
  }
  for (const scenario::Selected& one : selected)
    out += fmt::format("  {}  [{}]\n", one.scenario->id, verdict::to_text(one.scenario->requirement)) +
           wrap("      " + one.scenario->title, 80, "      ") + "\n";
  return out;
}

std::string explain_text(const scenario::Scenario& one) {
  std::string out = one.id + "\n" + wrap("  " + one.title, 80, "  ") + "\n\n";
  auto row = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) out += wrap(fmt::format("  {:<13}{}", name, text), 80, "               ") + "\n";
  };
  std::string cites;
  for (const verdict::Citation& cite : one.cites) cites += (cites.empty() ? "" : "; ") + verdict::to_text(cite);
  row("requirement", std::string(verdict::to_text(one.requirement)) + (cites.empty() ? "" : ", " + cites));
  row("wanted", scenario::describe(one.plays.front().expect));
  row("why", one.why);
  row("fix", one.fix);
  row("played with", "TLS " + versions_text(one));
  const scenario::Identity& identity = one.plays.front().connections.front().identity;
  if (identity.kind == scenario::Identity::Kind::fault)
    if (const pki::Fault* fault = pki::find_fault(identity.fault))
      row("client shows", fmt::format("{}: {}", fault->name, fault->explanation));
  std::string needs;
  for (const std::string& need : one.plays.front().needs)
    if (const target::FeatureInfo* info = target::feature_info(need))
      needs += fmt::format("{}{} ({})", needs.empty() ? "" : "; ", need, info->explanation);
  row("needs", needs);
  std::string cases;
  for (const scenario::Play& play : one.plays) cases += (cases.empty() ? "" : " ") + one.id + play.suffix;
  row("cases", cases);
  row("tags", join(one.tags, ", "));
  return out;
}

// `tlsproof list rules`, `tlsproof explain rule/ID`: what any handshake must satisfy.
constexpr std::string_view kRules = "rules";
constexpr std::string_view kRulePrefix = "rule/";

std::string rules_text() {
  std::string out = "Rules: tlsproof explain rule/ID tells more\n";
  for (const rules::Rule& rule : rules::all_rules())
    out += fmt::format("  {}  [{}]\n", rule.id, verdict::to_text(rule.requirement)) +
           wrap(fmt::format("      {}", rule.title), 80, "      ") + "\n";
  return out;
}

std::string explain_rule_text(const rules::Rule& rule) {
  std::string out =
      fmt::format("{}{}\n", kRulePrefix, rule.id) + wrap(fmt::format("  {}", rule.title), 80, "  ") + "\n\n";
  auto row = [&](std::string_view name, std::string_view text) {
    out += wrap(fmt::format("  {:<13}{}", name, text), 80, "               ") + "\n";
  };
  std::string cites;
  for (const rules::Cite& cite : rule.cites)
    cites += (cites.empty() ? "" : "; ") + verdict::to_text(verdict::Citation{cite.rfc, std::string(cite.section)});
  row("requirement", fmt::format("{}, {}", verdict::to_text(rule.requirement), cites));
  row("applies to", rule.scope.text());
  row("why", rule.why);
  row("looked at by", "tlsproof inspect, on every handshake; tlsproof check, as oneway/rules");
  return out;
}

Result<std::string> explain_rule(std::string_view id) {
  if (const rules::Rule* rule = rules::find_rule(id)) return explain_rule_text(*rule);
  std::vector<std::string> ids;
  for (const rules::Rule& rule : rules::all_rules()) ids.emplace_back(rule.id);
  const auto near = did_you_mean(std::string(id), ids);
  return fail_usage(fmt::format("there is no rule '{}'{}; 'tlsproof list rules' shows them", escape_terminal(id),
                                near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

Result<int> list(std::span<const std::string> args, CommandContext& context) {
  const std::vector<OptionSpec> specs = {{"scenarios", "FOLDER", "read scenarios from here too"},
                                         {"help", "", "this text"}};
  TLSPROOF_TRY(ParsedOptions options, parse_options(args, specs));
  if (options.has("help")) {
    context.print("Usage: tlsproof list [SUITE|ID|PATTERN|tag:TAG…]\n       tlsproof list rules\n\n" +
                  format_options(specs));
    return kExitOk;
  }
  if (options.positional == std::vector<std::string>{std::string(kRules)}) {
    context.print(rules_text());
    return kExitOk;
  }
  TLSPROOF_TRY(scenario::Library library, read_library(options));
  const bool all = options.positional.empty();
  const std::vector<std::string> everything = {"*"};
  TLSPROOF_TRY(auto selected, library.select(all ? everything : options.positional));
  context.print(list_text(library, selected, all));
  return kExitOk;
}

Result<int> explain(std::span<const std::string> args, CommandContext& context) {
  const std::vector<OptionSpec> specs = {{"scenarios", "FOLDER", "read scenarios from here too"},
                                         {"help", "", "this text"}};
  TLSPROOF_TRY(ParsedOptions options, parse_options(args, specs));
  if (options.has("help")) {
    context.print("Usage: tlsproof explain ID…\n       tlsproof explain rule/ID…\n\n" + format_options(specs));
    return kExitOk;
  }
  if (options.positional.empty()) return fail_usage("what is to be explained? Give an id; 'tlsproof list' shows them");
  std::vector<std::string> texts, words;
  for (const std::string& word : options.positional) {
    if (!word.starts_with(kRulePrefix)) {
      words.push_back(word);
      continue;
    }
    TLSPROOF_TRY(texts.emplace_back(), explain_rule(std::string_view(word).substr(kRulePrefix.size())));
  }
  if (!words.empty()) {
    TLSPROOF_TRY(scenario::Library library, read_library(options));
    TLSPROOF_TRY(auto selected, library.select(words));
    for (const scenario::Selected& one : selected) texts.push_back(explain_text(*one.scenario));
  }
  context.print(join(texts, "\n"));
  return kExitOk;
}

}  // namespace

int run_list(std::span<const std::string> args, CommandContext& context) {
  auto status = list(args, context);
  return status ? *status : report_error(status.error(), context);
}

int run_explain(std::span<const std::string> args, CommandContext& context) {
  auto status = explain(args, context);
  return status ? *status : report_error(status.error(), context);
}

}  // namespace tlsproof::cli
