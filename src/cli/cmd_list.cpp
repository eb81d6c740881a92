// tlsproof list, tlsproof explain: what is checked, and why.
#include <fmt/format.h>

#include "check_options.h"
#include "tlsproof/base/text.h"
#include "tlsproof/cli/command.h"
#include "tlsproof/cli/options.h"
#include "tlsproof/pki/fault.h"
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

Result<int> list(std::span<const std::string> args, CommandContext& context) {
  const std::vector<OptionSpec> specs = {{"scenarios", "FOLDER", "read scenarios from here too"},
                                         {"help", "", "this text"}};
  TLSPROOF_TRY(ParsedOptions options, parse_options(args, specs));
  if (options.has("help")) {
    context.print("Usage: tlsproof list [SUITE|ID|PATTERN|tag:TAG…]\n\n" + format_options(specs));
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
    context.print("Usage: tlsproof explain ID…\n\n" + format_options(specs));
    return kExitOk;
  }
  if (options.positional.empty()) return fail_usage("what is to be explained? Give an id; 'tlsproof list' shows them");
  TLSPROOF_TRY(scenario::Library library, read_library(options));
  TLSPROOF_TRY(auto selected, library.select(options.positional));
  for (const scenario::Selected& one : selected)
    context.print((&one == selected.data() ? "" : "\n") + explain_text(*one.scenario));
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
