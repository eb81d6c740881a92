#include "tlsproof/report/evidence.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "json_head.h"
#include "safe.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/json.h"
#include "tlsproof/base/text.h"
#include "tlsproof/trace/pcapng.h"

namespace tlsproof::report {
namespace {

using verdict::Attempt;
using verdict::CheckRun;
using verdict::EndpointRun;
using verdict::Finding;

constexpr size_t kMaxEndpointName = 80;
constexpr size_t kMaxLabelName = 80;

bool made_a_connection(const Attempt& attempt) {
  return attempt.trace != nullptr && std::ranges::any_of(attempt.trace->events(), [](const trace::Event& event) {
           return event.kind == trace::EventKind::connected;
         });
}

// Labels come from target files: no way out of the folder, no hidden file, nothing that a shell would read otherwise.
std::string name_part(std::string_view text, size_t max_len) {
  std::string out;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || ((c == '.' || c == '_') && !out.empty()))
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
    if (out.size() == max_len) break;
  }
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out;
}

// Names that differ only in case are one file on some file systems.
std::string unique_name(std::string name, std::set<std::string>& taken) {
  constexpr std::string_view kSuffix = ".pcapng";
  const std::string stem = name.substr(0, name.size() - kSuffix.size());
  for (int n = 2; !taken.insert(to_lower(name)).second; ++n) name = fmt::format("{}-{}{}", stem, n, kSuffix);
  return name;
}

std::string without_last_slashes(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder;
}

std::unexpected<Error> bad_folder(const std::string& folder, int number) {
  auto error = fail_errno(fmt::format("cannot use the evidence folder '{}'", escape_terminal(folder)), number);
  error.error().kind = Error::Kind::usage;
  return error;
}

std::unexpected<Error> unsafe_folder(const std::string& folder, std::string_view why) {
  return fail_usage(fmt::format("cannot use the evidence folder '{}': {}", escape_terminal(folder), why));
}

// Whoever may write in it may swap a file between two of our looks at it, and the names are known beforehand.
Status check_folder(const std::string& folder) {
  struct stat info{};
  const uid_t us = ::geteuid();
  if (::lstat(folder.c_str(), &info) != 0) return bad_folder(folder, errno);
  if (S_ISLNK(info.st_mode) && info.st_uid != us && info.st_uid != 0)
    return unsafe_folder(folder,
                         fmt::format("it is a link of another user (uid {}); give the folder itself", info.st_uid));
  if (::stat(folder.c_str(), &info) != 0) return bad_folder(folder, errno);
  if (!S_ISDIR(info.st_mode)) return bad_folder(folder, ENOTDIR);
  if (info.st_uid != us)
    return unsafe_folder(folder, fmt::format("it belongs to another user (uid {}), and the files hold secrets; give "
                                             "one of your own, or one that is not there yet",
                                             info.st_uid));
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return unsafe_folder(folder, fmt::format("others may write in it (mode {:04o}), and the files hold secrets; chmod "
                                             "go-w it, or give one that is not there yet",
                                             static_cast<unsigned>(info.st_mode & 07777)));
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return bad_folder(folder, errno);
  return {};
}

class IndexJson {
 public:
  [[nodiscard]] std::string write(const CheckRun& run) {
    begin_document(json_, kEvidenceSchema, run);
    json_.field("interrupted", run.interrupted);
    json_.key("files");
    json_.begin_array();
    for (const EndpointRun& endpoint : run.endpoints)
      for (size_t i = 0; i < endpoint.attempts.size(); ++i)
        if (!endpoint.attempts[i].evidence.empty()) file(endpoint, i);
    json_.end_array();
    json_.end_object();
    return std::string(json_.text()) + "\n";
  }

 private:
  void text(std::string_view name, std::string_view value) { json_.field(name, make_safe(value, kMaxJsonText)); }
  void file(const EndpointRun& run, size_t index) {
    const Attempt& attempt = run.attempts[index];
    json_.begin_object();
    text("file", std::filesystem::path(attempt.evidence).filename().string());
    text("endpoint", run.label);
    json_.field("attempt", static_cast<uint64_t>(index));
    text("label", attempt.label);
    text("outcome", verdict::describe(attempt.outcome));
    json_.key("findings");
    json_.begin_array();
    for (const Finding& finding : run.findings) {
      if (std::ranges::find(finding.evidence, index, &verdict::Evidence::attempt) == finding.evidence.end()) continue;
      json_.begin_object();
      text("id", finding.id());
      json_.field("verdict", verdict::to_text(finding.verdict));
      json_.end_object();
    }
    json_.end_array();
    json_.end_object();
  }

  JsonWriter json_;
};

}  // namespace

Status make_evidence_folder(const std::string& given) {
  const std::string folder = without_last_slashes(given);
  if (folder.empty() || escape_terminal(folder) != folder)
    return fail_usage(
        fmt::format("'{}' cannot be the evidence folder: reports could not name its files as they are; give a path "
                    "without control characters, backslashes, and bytes that are not UTF-8",
                    escape_terminal_limited(folder, 200)));
  if (const auto parent = std::filesystem::path(folder).parent_path(); !parent.empty()) {
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (error) return bad_folder(folder, error.value());
  }
  // The umask takes nothing from what we make, and nothing is changed that was there.
  if (::mkdir(folder.c_str(), 0700) == 0) {
    if (::chmod(folder.c_str(), 0700) != 0) return bad_folder(folder, errno);
    return {};
  }
  if (errno != EEXIST) return bad_folder(folder, errno);
  return check_folder(folder);
}

std::string evidence_file_name(std::string_view endpoint, size_t attempt, std::string_view label) {
  std::string left = name_part(endpoint, kMaxEndpointName);
  const std::string right = name_part(label, kMaxLabelName);
  if (left.empty()) left = "endpoint";
  return fmt::format("{}-{:03}{}{}.pcapng", left, attempt, right.empty() ? "" : "-", right);
}

Status write_evidence(const std::string& given, CheckRun& run) {
  const std::string folder = without_last_slashes(given);
  TLSPROOF_TRY_VOID(check_folder(folder));  // a run is long
  std::set<std::string> taken;
  Status first;
  size_t num_wanted = 0;
  size_t num_missing = 0;
  for (EndpointRun& endpoint : run.endpoints) {
    for (size_t i = 0; i < endpoint.attempts.size(); ++i) {
      Attempt& attempt = endpoint.attempts[i];
      if (!made_a_connection(attempt)) continue;
      ++num_wanted;
      const std::string path = folder + "/" + unique_name(evidence_file_name(endpoint.label, i, attempt.label), taken);
      const SecretBytes content = trace::encode_pcapng(*attempt.trace);
      if (auto saved = save_file(path, content.view(), {.mode = 0600, .regular_only = true})) {
        attempt.evidence = path;
      } else {
        ++num_missing;
        if (first) first = saved;
      }
    }
  }
  const std::string index = IndexJson().write(run);
  auto saved =
      save_file(folder + "/" + std::string(kEvidenceIndex), as_bytes(index), {.mode = 0600, .regular_only = true});
  if (first) return saved;
  return fail(
      fmt::format("{} ({} of {} evidence files are missing)", first.error().message(), num_missing, num_wanted));
}

}  // namespace tlsproof::report
