// The files that `tlsproof pki` writes: a key and its certificate appear together or not at all.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "cmd_pki.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/random.h"
#include "tlsproof/base/text.h"

namespace tlsproof::cli {
namespace {

bool same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return a == b || std::filesystem::equivalent(a, b, ignored);
}

// The nearest folder above `path` that exists must let us make files in it.
Status check_folder(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code ignored;
  while (!std::filesystem::exists(folder, ignored) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  if (!std::filesystem::exists(folder, ignored)) folder = ".";
  if (!std::filesystem::is_directory(folder, ignored))
    return fail_usage(fmt::format("'{}' is not a folder", escape_terminal(folder.string())));
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return fail_errno(fmt::format("cannot write in the folder '{}'", escape_terminal(folder.string())));
  return {};
}

Status check_output(OutputFile& output, bool force) {
  if (output.path.empty() || output.path.ends_with('/'))
    return fail_usage(fmt::format("'{}' is not a file's name", escape_terminal(output.path)));
  const std::string shown = fmt::format("the {} file '{}'", output.purpose, escape_terminal(output.path));
  struct stat info{};
  if (::lstat(output.path.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) {
    std::error_code error;
    const auto real = std::filesystem::canonical(output.path, error);
    if (error) return fail_usage(fmt::format("{} is a symbolic link that leads nowhere", shown));
    output.path = real.string();
  }
  if (::stat(output.path.c_str(), &info) != 0) return check_folder(output.path);
  if (!S_ISREG(info.st_mode)) return fail_usage(fmt::format("{} is there and is not a regular file", shown));
  if (!force) return fail_usage(fmt::format("{} is there already; --force replaces it", shown));
  return check_folder(output.path);
}

// One file on its way: written beside its place, then moved there; what was there is kept until all are in place.
class Replacement {
 public:
  Replacement(const OutputFile& output, const std::string& salt)
      : output_(output),
        fresh_(fmt::format("{}.{}.new", output.path, salt)),
        kept_(fmt::format("{}.{}.old", output.path, salt)) {}
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    ::unlink(fresh_.c_str());
    if (moved_ && !done_) {
      if (was_there_)
        ::rename(kept_.c_str(), output_.path.c_str());
      else
        ::unlink(output_.path.c_str());
    }
    ::unlink(kept_.c_str());
  }

  [[nodiscard]] Status write(ByteView content) {
    return save_file(fresh_, content,
                     {.mode = output_.mode, .overwrite = false, .make_folders = true, .regular_only = true});
  }
  [[nodiscard]] Status move(bool force) {
    const std::string message = fmt::format("cannot write '{}'", escape_terminal(output_.path));
    was_there_ = force && ::link(output_.path.c_str(), kept_.c_str()) == 0;
    // Without --force a link, which unlike a rename never replaces what somebody else has put there since we looked.
    if ((force ? ::rename(fresh_.c_str(), output_.path.c_str()) : ::link(fresh_.c_str(), output_.path.c_str())) != 0)
      return fail_errno(message);
    moved_ = true;
    return {};
  }
  void commit() { done_ = true; }

 private:
  const OutputFile& output_;
  const std::string fresh_, kept_;
  bool was_there_ = false, moved_ = false, done_ = false;
};

}  // namespace

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

Result<CaFiles> ca_files(const ParsedOptions& options, const std::string& option) {
  const std::string certificate = option + "-cert", key = option + "-key";
  if (options.has(option) && (options.has(certificate) || options.has(key)))
    return fail_usage(fmt::format("give --{0} DIR, or --{0}-cert and --{0}-key, not both", option));
  if (options.has(certificate) != options.has(key))
    return fail_usage(fmt::format("--{} and --{} go together", certificate, key));
  if (!options.has(option)) return CaFiles{options.get(certificate), options.get(key)};
  const std::string place = options.get(option);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(place, ignored)) return CaFiles{place, ""};
  return CaFiles{place + "/ca.crt", place + "/ca.key"};
}

Result<bool> wants_json(const ParsedOptions& options) {
  const std::string format = options.get("format", "text");
  if (format != "text" && format != "json")
    return fail_usage(fmt::format("--format: '{}' is neither text nor json", escape_terminal_limited(format, 40)));
  return format == "json";
}

Result<std::vector<OutputFile>> check_outputs(std::vector<OutputFile> outputs, const std::vector<std::string>& inputs,
                                              bool force) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    TLSPROOF_TRY_VOID(check_output(outputs[i], force));
    for (size_t j = 0; j < i; ++j)
      if (same_file(outputs[i].path, outputs[j].path))
        return fail_usage(fmt::format("the {} and the {} cannot both go to '{}'", outputs[j].purpose,
                                      outputs[i].purpose, escape_terminal(outputs[i].path)));
    for (const std::string& input : inputs)
      if (same_file(outputs[i].path, input))
        return fail_usage(fmt::format("the {} would replace '{}', which it is made from", outputs[i].purpose,
                                      escape_terminal(input)));
  }
  return outputs;
}

Status save_all(const std::vector<OutputFile>& outputs, const std::vector<ByteView>& contents, bool force) {
  TLSPROOF_CHECK(outputs.size() == contents.size());
  uint8_t bytes[6];
  system_random().fill(bytes);
  const std::string salt = to_hex(bytes);
  std::vector<std::unique_ptr<Replacement>> files;
  for (size_t i = 0; i < outputs.size(); ++i) {
    files.push_back(std::make_unique<Replacement>(outputs[i], salt));
    TLSPROOF_TRY_VOID(files.back()->write(contents[i]));
  }
  for (auto& file : files) TLSPROOF_TRY_VOID(file->move(force));
  for (auto& file : files) file->commit();
  return {};
}

}  // namespace tlsproof::cli
