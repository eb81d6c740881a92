#include "recordings.h"

#include <cstdlib>

#include "tlsproof/report/evidence.h"

namespace tlsproof::cli {

Result<Recordings> Recordings::open(const ParsedOptions& options) {
  Recordings out;
  if (options.has("evidence")) {
    out.folder_ = options.get("evidence");
    TLSPROOF_TRY_VOID(report::make_evidence_folder(out.folder_));
  }
  const char* path = std::getenv("SSLKEYLOGFILE");
  if (path == nullptr || *path == '\0') return out;
  auto key_log = trace::KeyLogFile::open(path);
  if (!key_log) {
    Error error = std::move(key_log).error();
    error.kind = Error::Kind::usage;
    error.what = "SSLKEYLOGFILE: " + error.what;
    return std::unexpected(std::move(error));
  }
  out.key_log_ = std::move(*key_log);
  return out;
}

bool Recordings::save(verdict::CheckRun& run, CommandContext& context) const {
  bool saved_all = true;
  auto take = [&](const Status& status) {
    if (!status) context.complain(status.error().message());
    saved_all &= status.has_value();
  };
  if (!folder_.empty()) take(report::write_evidence(folder_, run));
  if (key_log_) take(key_log_->status());
  return saved_all;
}

}  // namespace tlsproof::cli
