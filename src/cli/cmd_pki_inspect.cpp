// `tlsproof pki inspect`: what files of certificates and keys hold, and what is weak about them.
#include <fmt/format.h>
#include <sys/stat.h>

#include <map>

#include "cmd_pki.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/json.h"
#include "tlsproof/base/text.h"
#include "tlsproof/pki/inspect.h"

namespace tlsproof::cli {
namespace {

const std::vector<OptionSpec>& inspect_options() {
  static const std::vector<OptionSpec> specs = {
      {"passphrase-file", "FILE", "file with the passphrase of what is encrypted"},
      {"passphrase-env", "VARIABLE", "the same from an environment variable"},
      {"format", "FORMAT", "what is printed: text (default) or json"},
      {"help", "", "this text"},
  };
  return specs;
}

struct Report {
  std::string path;
  std::string error;  // empty: it was read
  pki::Inspected content;
};

std::string_view level_name(x509::WeaknessLevel level) {
  using Level = x509::WeaknessLevel;
  return level == Level::must ? "must" : level == Level::should ? "should" : "note";
}

// A key that others on the machine may read needs no weak algorithm to be lost.
void check_mode(Report& report) {
  struct stat info{};
  if (!report.content.has_private_key || ::stat(report.path.c_str(), &info) != 0 || (info.st_mode & 077) == 0) return;
  report.content.weaknesses.push_back(
      {x509::WeaknessLevel::should, "file_mode",
       fmt::format("it holds a private key, and its mode is {:04o} instead of 0600", info.st_mode & 07777)});
}

// Revocation goes by issuer and serial number: two certificates with the same cannot be told apart.
void find_reused_serials(std::vector<Report>& reports) {
  std::map<std::string, std::pair<const x509::Certificate*, std::string>> seen;  // by issuer and serial
  for (Report& report : reports)
    for (pki::InspectedItem& item : report.content.items) {
      if (item.kind != pki::ItemKind::certificate || !item.certificate->readable) continue;
      const std::string key = to_hex(item.certificate->issuer.der) + "/" + item.certificate->serial_hex();
      const auto [at, fresh] = seen.try_emplace(key, &item.certificate, report.path);
      if (fresh || *at->second.first == item.certificate) continue;
      item.weaknesses.push_back({x509::WeaknessLevel::must, "serial_reused",
                                 fmt::format("its issuer gave the serial number to another certificate too, in '{}'",
                                             escape_terminal_limited(at->second.second, 120))});
    }
}

void write_weaknesses(JsonWriter& json, const std::vector<pki::InspectedWeakness>& weaknesses) {
  json.key("weaknesses");
  json.begin_array();
  for (const pki::InspectedWeakness& weakness : weaknesses) {
    json.begin_object();
    json.field("level", level_name(weakness.level));
    json.field("name", weakness.name);
    json.field("text", weakness.text);
    json.end_object();
  }
  json.end_array();
}

void write_item(JsonWriter& json, const pki::InspectedItem& item) {
  json.begin_object();
  json.field("kind", pki::item_kind_name(item.kind));
  json.field("title", item.title);
  json.key("facts");
  json.begin_object();
  for (const pki::InspectedFact& fact : item.facts) {
    json.key(fact.name);
    json.begin_array();
    for (const std::string& value : fact.values) json.string(value);
    json.end_array();
  }
  json.end_object();
  write_weaknesses(json, item.weaknesses);
  json.end_object();
}

std::string to_json(const std::vector<Report>& reports) {
  JsonWriter json;
  json.begin_object();
  json.field("schema", "tlsproof-inspect-pki/1");
  json.key("files");
  json.begin_array();
  for (const Report& report : reports) {
    json.begin_object();
    json.field("file", report.path);
    json.key("error");
    if (report.error.empty())
      json.null();
    else
      json.string(report.error);
    json.field("encoding", report.content.format);
    json.key("items");
    json.begin_array();
    for (const pki::InspectedItem& item : report.content.items) write_item(json, item);
    json.end_array();
    json.field("left_out", static_cast<uint64_t>(report.content.num_left_out));
    write_weaknesses(json, report.content.weaknesses);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return std::string(json.text()) + "\n";
}

std::string show(const std::vector<pki::InspectedWeakness>& weaknesses, std::string_view indent) {
  std::string out;
  for (const pki::InspectedWeakness& weakness : weaknesses)
    out += wrap(fmt::format("{}! {:7} {}", indent, level_name(weakness.level), weakness.text), 80,
                std::string(indent.size() + 10, ' ')) +
           "\n";
  return out;
}

// A long word alone in its line begins at the margin's end, whatever the label.
std::string fact_line(const std::string& label, const std::string& value) {
  std::string out = wrap(fmt::format("    {:18} {}", label, value), 80, std::string(6, ' '));
  for (size_t at = out.find(" \n"); at != std::string::npos; at = out.find(" \n")) out.erase(at, 1);
  return out + "\n";
}

std::string to_text(const Report& report) {
  const pki::Inspected& content = report.content;
  std::string out = wrap(fmt::format("{}  {}", escape_terminal(report.path), content.format), 80, "  ") + "\n";
  out += show(content.weaknesses, "  ");
  for (const pki::InspectedItem& item : content.items) {
    const bool told = !item.facts.empty() && item.facts.front().name == "subject";  // which says the same
    out += wrap(told ? fmt::format("  {}", pki::item_kind_title(item.kind))
                     : fmt::format("  {}: {}", pki::item_kind_title(item.kind), item.title),
                80, "    ") +
           "\n";
    for (const pki::InspectedFact& fact : item.facts) {
      std::string label = fact.name;
      for (char& c : label)
        if (c == '_') c = ' ';
      for (const std::string& value : fact.values) {
        out += fact_line(label, value);
        label.clear();
      }
    }
    out += show(item.weaknesses, "    ");
  }
  if (content.num_left_out > 0) out += fmt::format("  … and {} more\n", content.num_left_out);
  return out;
}

Result<pki::Inspected> read(const std::string& path, const ParsedOptions& options, CommandContext& context) {
  const PassphraseRequest request{.prefix = "", .purpose = fmt::format("'{}'", escape_terminal(path))};
  pki::InspectOptions how{.now = context.clock.wall_seconds()};
  if (options.has("passphrase-file") || options.has("passphrase-env"))
    how.passphrase = passphrase_source(options, request, context);
  TLSPROOF_TRY(const SecretBytes content, load_secret_file(path, "file", kDefaultFileLimit));
  return pki::inspect(content.view(), fmt::format("'{}'", escape_terminal(path)), how);
}

}  // namespace

int run_pki_inspect(std::span<const std::string> args, CommandContext& context) {
  auto options = parse_options(args, inspect_options());
  if (!options) return report_error(options.error(), context);
  if (options->has("help")) {
    context.print(
        "Usage: tlsproof pki inspect FILE…\n\n"
        "Tells what each file holds (certificates, requests, CRLs, keys, PKCS#12; PEM or\n"
        "DER, whatever its name) and what is weak about it. Exit status 0 when every file\n"
        "could be read, 2 otherwise.\n\n" +
        format_options(inspect_options()));
    return kExitOk;
  }
  if (options->positional.empty())
    return report_error(fail_usage("which files? 'tlsproof pki inspect FILE…'").error(), context);
  const auto json = wants_json(*options);
  if (!json) return report_error(json.error(), context);
  if (auto status = check_passphrase_options(*options, ""); !status) return report_error(status.error(), context);
  std::vector<Report> reports;
  int exit_status = kExitOk;
  for (const std::string& path : options->positional) {
    Report report{.path = path, .error = {}, .content = {}};
    if (auto content = read(path, *options, context)) {
      report.content = std::move(*content);
      check_mode(report);
    } else {
      report.error = content.error().message();
      context.complain(report.error);
      exit_status = kExitUsage;
    }
    reports.push_back(std::move(report));
  }
  find_reused_serials(reports);
  if (*json) {
    context.print(to_json(reports));
    return exit_status;
  }
  for (const Report& report : reports)
    if (report.error.empty()) context.print(to_text(report));
  return exit_status;
}

}  // namespace tlsproof::cli
