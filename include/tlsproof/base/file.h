// Whole files: bounded reading, atomic writing.
#pragma once

#include <sys/types.h>
#include <string>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"
#include "tlsproof/base/secret.h"

namespace tlsproof {

inline constexpr size_t kDefaultFileLimit = size_t{16} << 20;

// The whole content of a regular file or pipe; `purpose` says in the message what the file was for ("client key").
// Fails, naming file and purpose, when it cannot be opened or is longer than `limit` bytes.
[[nodiscard]] Result<Bytes> load_file(const std::string& path, std::string_view purpose,
                                      size_t limit = kDefaultFileLimit);
// The same for keys and passphrases; no copy is left behind.
[[nodiscard]] Result<SecretBytes> load_secret_file(const std::string& path, std::string_view purpose,
                                                   size_t limit = size_t{1} << 20);

struct SaveOptions {
  mode_t mode = 0644;     // before nothing: the umask does not apply, a secret gets 0600 exactly
  bool overwrite = true;  // false: an existing file is an error (EEXIST)
  bool make_folders = false;
  // Secrets: what is there already and is no regular file (a pipe, a device, a link) is replaced, never written into.
  // Otherwise it is what was meant: /dev/stdout, a pipe to another program.
  bool regular_only = false;
};
// Writes beside the target, syncs, and renames (or links, without overwrite), so that no reader ever sees a part and a
// full disk leaves what was there.
[[nodiscard]] Status save_file(const std::string& path, ByteView content, SaveOptions options = {});

}  // namespace tlsproof
