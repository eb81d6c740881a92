#include "bench_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "bench_plan.h"
#include "check_options.h"
#include "recordings.h"
#include "tlsproof/base/text.h"
#include "tlsproof/load/compare.h"

namespace tlsproof::cli {
namespace {

constexpr std::array kWhere = {
    OptionSpec{"connect-to", "HOST:PORT", "connect there; the name stays that of HOST:PORT"},
    OptionSpec{"source", "ADDR,…", "local addresses, taken in turn, so that ports do not run out"},
    OptionSpec{"allow-public", "", "load an address that is neither loopback nor private"},
    OptionSpec{"max-rate", "N", "highest rate on such an address; default: 200; 'none': any, also a closed loop"},
};
constexpr std::array kWhat = {
    OptionSpec{"kind", "KIND", "full (default); id or ticket (TLS 1.2); psk, psk_ke or 0rtt (TLS 1.3)"},
    OptionSpec{"mix", "KIND=N,…", "several kinds by their shares: full=70,psk=25,0rtt=5"},
    OptionSpec{"verify", "MODE",
               "full: each chain validated; cached (default): each distinct chain once; none: Finished only; minimal: "
               "the cheapest client there is. Never compared with each other"},
    OptionSpec{"reuse-key-share", "", "one key share a thread instead of a new one a connection"},
    OptionSpec{"server-name", "NAME", "the name in SNI and in the certificate; 'none' sends no SNI"},
    OptionSpec{"sni", "NAME,…", "names in SNI, taken in turn"},
    OptionSpec{"trust", "FILE", "trust anchors: PEM, DER or PKCS#12; default: the system's", true},
    OptionSpec{"client-cert", "FILE", "a client certificate, its issuers after it; or a PKCS#12 with the key"},
    OptionSpec{"client-key", "FILE", "its key, where the certificate's file does not hold it"},
    OptionSpec{"passphrase-file", "FILE", "passphrase of the encrypted files above"},
    OptionSpec{"passphrase-env", "VARIABLE", "the same from an environment variable"},
    OptionSpec{"tls", "VERSION", "only this version: 1.2 or 1.3", true},
    OptionSpec{"suite", "NAME,…", "cipher suites to offer, IANA's names"},
    OptionSpec{"group", "NAME,…", "groups to offer; the first has the key share"},
    OptionSpec{"scheme", "NAME,…", "signature schemes to offer"},
    OptionSpec{"alpn", "NAME,…", "application protocols to offer"},
    OptionSpec{"app", "NAME", "the service that leads to TLS, as for check: smtp, imap, postgres …"},
    OptionSpec{"http-get", "PATH", "send a GET after the handshake and read the answer to its end"},
    OptionSpec{"http-host", "NAME", "its Host header; default: the server's name"},
    OptionSpec{"confirm", "", "wait for a sign that the server took our Finished"},
    OptionSpec{"close", "HOW", "close_notify (default), fin or reset"},
    OptionSpec{"timeout", "TIME", "limit of each step: connect, handshake, confirmation; default: 5s"},
};
constexpr std::array kWhen = {
    OptionSpec{"concurrency", "N", "closed loop: so many connections at a time; default: 16"},
    OptionSpec{"rate", "R", "open loop: so many connections a second, whatever becomes of them"},
    OptionSpec{"poisson", "", "with --rate: at random intervals (a Poisson process) instead of even ones"},
    OptionSpec{"duration", "TIME", "of the measurement; default: 10s; 5s for --versus and each rate of --find-max"},
    OptionSpec{"count", "N", "end after so many connections"},
    OptionSpec{"warm-up", "TIME", "before it, not counted; default: none"},
    OptionSpec{"repeat", "N", "measure so often; default: 1; 5 for --versus"},
    OptionSpec{"threads", "N", "threads that make connections; default: 1"},
    OptionSpec{"seed", "N", "of the intervals and of the order of the mix; default: 1"},
    OptionSpec{"shard", "I/N", "play part I of N parts of this load; --merge puts their reports together"},
};
constexpr std::array kResult = {
    OptionSpec{"server-pid", "PID", "also measure the CPU of this process and its children"},
    OptionSpec{"fail-if", "COND", "exit status 1 if so: 'p99>20ms', 'rate<1000', 'errors>0.1%', 'resumed<99%'", true},
    OptionSpec{"find-max", "", "find the highest rate at which every --slo holds"},
    OptionSpec{"slo", "COND", "what must hold: 'p99<20ms', 'errors<=0'", true},
    OptionSpec{"versus", "HOST:PORT", "load this endpoint too, in turn, and compare"},
    OptionSpec{"versus-with", "OPTIONS", "compare with these options instead: '--tls 1.2 --kind ticket'"},
    OptionSpec{"compare", "", "compare two JSON reports: --compare A.json B.json"},
    OptionSpec{"merge", "", "put the JSON reports of all shards together: --merge A.json B.json …"},
    OptionSpec{"format", "FORMAT", "on standard output: text (default), json, csv, junit or svg"},
    OptionSpec{"report", "FORMAT=FILE", "write a report to a file", true},
    OptionSpec{"evidence", "DIR", "write the first failure of each class, played again, as pcapng with its keys"},
    OptionSpec{"color", "WHEN", "auto (default), always or never"},
    OptionSpec{"help", "", "this text"},
};

constexpr std::string_view kUsage =
    "Usage: tlsproof bench HOST:PORT [OPTION…]\n"
    "       tlsproof bench --compare A.json B.json [OPTION…]\n"
    "       tlsproof bench --merge SHARD.json… [OPTION…]\n\n"
    "Makes handshakes as fast as asked for and measures what they cost: how many a\n"
    "second, how long each phase takes, CPU of the client and, with --server-pid, of\n"
    "the server. Times are like 200ms, 5s, 2min. 'tlsproof bench HOST:PORT' alone\n"
    "makes full handshakes for 10 s, 16 connections at a time.\n";

// ---- which words go together ---------------------------------------------------------------------------------------

struct Pair {
  std::string_view one, other, why;
};
constexpr Pair kContradictions[] = {
    {"rate", "concurrency", "an open loop begins connections by the clock, however many are open"},
    {"find-max", "concurrency", "the search is an open loop"},
    {"find-max", "count", "each rate is held for --duration"},
    {"find-max", "repeat", "the best rate is tried twice"},
    {"find-max", "shard", "a search cannot be cut into parts"},
    {"find-max", "versus", "one search at a time"},
    {"find-max", "versus-with", "one search at a time"},
    {"kind", "mix", "a mix names its kinds"},
    {"compare", "merge", "one at a time"},
};
// These two look at reports; what makes connections has no place beside them.
constexpr std::string_view kOfReports[] = {"compare", "merge", "fail-if", "format", "report", "color", "help"};
// These say what is made of a run, not how it is.
constexpr std::string_view kNotOfASide[] = {"versus",  "versus-with", "compare",  "merge", "format", "report",
                                            "fail-if", "evidence",    "find-max", "slo",   "color",  "help"};
constexpr std::string_view kOfTheRun[] = {"repeat", "shard", "seed", "server-pid"};
constexpr std::string_view kNotOfASample[] = {"concurrency", "rate",    "poisson", "duration", "count", "warm-up",
                                              "repeat",      "threads", "shard",   "source",   "seed",  "server-pid"};

template <size_t N>
bool is_one_of(std::string_view name, const std::string_view (&names)[N]) {
  return std::ranges::find(names, name) != std::end(names);
}

Status check_words(const ParsedOptions& options) {
  for (const Pair& pair : kContradictions)
    if (options.has(pair.one) && options.has(pair.other))
      return fail_usage(fmt::format("--{} and --{} contradict each other: {}", pair.one, pair.other, pair.why));
  for (const std::string_view reads : {"compare", "merge"}) {
    if (!options.has(reads)) continue;
    for (const auto& [name, values] : options.values)
      if (!is_one_of(name, kOfReports))
        return fail_usage(
            fmt::format("--{} reads reports and makes no connection: --{} has no place there", reads, name));
  }
  if (options.has("compare") && options.has("fail-if"))
    return fail_usage("--fail-if is of one run, and --compare looks at two: give it to each of them");
  if (options.has("poisson") && !options.has("rate") && !options.has("find-max"))
    return fail_usage("--poisson needs --rate: a closed loop has no intervals");
  if (options.has("find-max") && !options.has("slo"))
    return fail_usage("--find-max needs --slo: what must hold, as 'p99<20ms'");
  if (options.has("slo") && !options.has("find-max"))
    return fail_usage("--slo is for --find-max; a condition that fails a run is --fail-if");
  if (options.has("server-pid") && options.has("versus"))
    return fail_usage("--server-pid and --versus contradict each other: the process would be measured for both");
  return {};
}

// ---- the sides -----------------------------------------------------------------------------------------------------

template <size_t N>
std::string words_without(const ParsedOptions& options, const std::string_view (&left_out)[N]) {
  std::string out;
  for (const auto& [name, values] : options.values) {
    if (is_one_of(name, kNotOfASide) || is_one_of(name, left_out)) continue;
    for (const std::string& value : values)
      out += fmt::format(" --{}{}{}", name, value.empty() ? "" : " ", value.empty() ? "" : shell_quote(value));
  }
  return out;
}

std::string sample_count(const load::Plan& plan) {
  // A resumption needs a connection to resume.
  const bool plain = std::ranges::all_of(
      plan.mix, [](const load::MixPart& part) { return part.kind == load::Kind::full || part.weight == 0; });
  return plain ? "1" : "20";
}

Result<PlannedSide> make_side(const ParsedOptions& options, std::string label) {
  constexpr std::string_view kNone[] = {""};
  PlannedSide side;
  TLSPROOF_TRY(side.plan, read_plan(options));
  side.plan.label = std::move(label);
  const std::string head = "tlsproof bench " + shell_quote(options.positional.front());
  side.command = head + words_without(options, kNone);
  side.sample = fmt::format("{}{} --concurrency 1 --count {}", head, words_without(options, kNotOfASample),
                            sample_count(side.plan));
  return side;
}

// The options of the other side: the same, and what is given for it instead.
Result<ParsedOptions> other_options(const ParsedOptions& options) {
  ParsedOptions other = options;
  if (options.has("versus")) other.positional = {options.get("versus")};
  if (!options.has("versus-with")) return other;
  TLSPROOF_TRY(const auto words, split_words(options.get("versus-with")));
  auto parsed = parse_options(words, bench_option_specs());
  if (!parsed) return fail_usage("--versus-with: " + parsed.error().what);
  if (!parsed->positional.empty())
    return fail_usage(fmt::format("--versus-with: '{}' is no option; another endpoint is given by --versus",
                                  escape_terminal_limited(parsed->positional.front(), 60)));
  if (parsed->values.empty()) return fail_usage("--versus-with: no option is given");
  for (auto& [name, values] : parsed->values) {
    if (is_one_of(name, kNotOfASide) || is_one_of(name, kOfTheRun))
      return fail_usage(fmt::format("--versus-with: --{} is of the whole run, not of one side", name));
    // One of two that exclude each other takes the other's place.
    for (const Pair& pair : kContradictions) {
      if (name == pair.one) other.values.erase(std::string(pair.other));
      if (name == pair.other) other.values.erase(std::string(pair.one));
    }
    if (name == "concurrency") other.values.erase("poisson");
    other.values[name] = std::move(values);
  }
  TLSPROOF_TRY_VOID(check_words(other));
  return other;
}

std::string label_of(const ParsedOptions& options, bool other) {
  std::string label = other && options.has("versus") ? options.get("versus") : options.positional.front();
  if (other && options.has("versus-with")) label += " with " + options.get("versus-with");
  return label;
}

}  // namespace

std::vector<OptionSpec> bench_option_specs() {
  std::vector<OptionSpec> out;
  const auto add = [&](std::span<const OptionSpec> group) {
    for (const OptionSpec& option : group) out.push_back(option);
  };
  add(kWhere);
  add(kWhat);
  add(kWhen);
  add(kResult);
  return out;
}

std::string bench_help() {
  return std::string(kUsage) + "\nWhere:\n" + format_options(kWhere) + "\nWhat each connection does:\n" +
         format_options(kWhat) + "\nWhen connections begin:\n" + format_options(kWhen) + "\nWhat is made of it:\n" +
         format_options(kResult);
}

std::optional<int64_t> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double ns;
  };
  // Longer names first: "ms" ends in "s".
  constexpr Unit kUnits[] = {{"min", 60e9}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  double unit = 1e9;
  for (const Unit& one : kUnits)
    if (text.ends_with(one.name)) {
      unit = one.ns;
      text.remove_suffix(one.name.size());
      break;
    }
  if (text.empty() || text.size() > 12 || text.find_first_not_of("0123456789.") != std::string_view::npos ||
      std::ranges::count(text, '.') > 1 || text.front() == '.' || text.back() == '.')
    return std::nullopt;
  const double ns = std::round(std::stod(std::string(text)) * unit);
  if (ns < 1e6 || ns > 7 * 86400e9) return std::nullopt;
  return static_cast<int64_t>(ns);
}

Result<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (quote == 0 && blank) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote && quote != 0) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      words.back() += text[++i];
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return fail_usage("a quote has no end");
  return words;
}

std::string bench_command(std::span<const std::string> args) {
  std::string out = "tlsproof bench";
  for (const std::string& word : args) out += " " + shell_quote(word);
  return out;
}

Result<std::vector<load::Condition>> read_conditions(const ParsedOptions& options, std::string_view name) {
  std::vector<load::Condition> out;
  for (const std::string& text : options.all(name)) {
    auto condition = load::parse_condition(text);
    if (!condition) return fail_usage(fmt::format("--{}: {}", name, condition.error().what));
    out.push_back(std::move(*condition));
  }
  return out;
}

Result<BenchRequest> read_bench_request(const ParsedOptions& options) {
  BenchRequest request;
  TLSPROOF_TRY_VOID(check_words(options));
  if (options.has("compare") || options.has("merge")) {
    TLSPROOF_TRY(request.fail_if, read_conditions(options, "fail-if"));
    return request;  // of reports: no side is planned
  }
  if (options.positional.empty()) return fail_usage("what is to be loaded? Give HOST:PORT");
  if (options.positional.size() > 1)
    return fail_usage(fmt::format("'{}' is one word too many; another endpoint is given by --versus",
                                  escape_terminal_limited(options.positional[1], 60)));
  TLSPROOF_TRY(request.fail_if, read_conditions(options, "fail-if"));
  TLSPROOF_TRY(request.slo, read_conditions(options, "slo"));
  request.find_max = options.has("find-max");
  const bool versus = options.has("versus") || options.has("versus-with");
  TLSPROOF_TRY(const long long repeats, options.integer("repeat", versus ? 5 : 1, 1, 1000));
  request.repeats = static_cast<unsigned>(repeats);
  TLSPROOF_TRY(PlannedSide side, make_side(options, label_of(options, false)));
  request.sides.push_back(std::move(side));
  TLSPROOF_TRY(request.max_rate, highest_rate(options, request.sides.front().plan));
  if (!versus) return request;
  TLSPROOF_TRY(const ParsedOptions other, other_options(options));
  TLSPROOF_TRY(PlannedSide second, make_side(other, label_of(options, true)));
  request.sides.push_back(std::move(second));
  if (const std::string why = load::incomparable(request.sides[0].plan, request.sides[1].plan); !why.empty())
    return fail_usage("these two must not be compared: " + why);
  return request;
}

}  // namespace tlsproof::cli
