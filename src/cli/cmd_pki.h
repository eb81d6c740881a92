// What the files of `tlsproof pki` share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/base/secret.h"
#include "tlsproof/cli/command.h"
#include "tlsproof/cli/options.h"
#include "tlsproof/crypto/keys.h"

namespace tlsproof::cli {

// ---- passphrases (cmd_pki_passphrase.cpp)

// Where one passphrase comes from: "--<prefix>passphrase-file" or "--<prefix>passphrase-env", else the terminal.
struct PassphraseRequest {
  std::string prefix;          // "", "issuer-", "from-key-"
  std::string purpose;         // "the CA's key": for the prompt and the messages
  bool create = false;         // it protects a new key: asked for twice, and must not be empty
  bool can_do_without = true;  // a new key: the command has --no-passphrase
};
// A usage error when both options are given.
[[nodiscard]] Status check_passphrase_options(const ParsedOptions& options, const std::string& prefix);
// Reads it. Prompts only when standard input is a terminal, with echo off; otherwise the usage error says what to give.
[[nodiscard]] Result<SecretBytes> read_passphrase(const ParsedOptions& options, const PassphraseRequest& request,
                                                  CommandContext& context);
// Borrows all three.
[[nodiscard]] crypto::PassphraseSource passphrase_source(const ParsedOptions& options, const PassphraseRequest& request,
                                                         CommandContext& context);

// ---- files (cmd_pki_files.cpp)

[[nodiscard]] bool is_folder(const std::string& path);

struct OutputFile {
  std::string path;
  std::string purpose;  // "certificate"
  mode_t mode = 0644;
};
// Before any work is done: fails when a file is there and `force` is not given, is no regular file, is one of `inputs`
// or named twice (usage), or its folder cannot be written to (environment). A symbolic link comes back as what it
// points to.
[[nodiscard]] Result<std::vector<OutputFile>> check_outputs(std::vector<OutputFile> outputs,
                                                            const std::vector<std::string>& inputs, bool force);
// Writes all of them or none: `contents` go with `outputs` one by one. Missing folders are made.
[[nodiscard]] Status save_all(const std::vector<OutputFile>& outputs, const std::vector<ByteView>& contents,
                              bool force);

// Where the CA is that signs: "--ca DIR" (DIR/ca.crt and DIR/ca.key) or "--ca FILE" (certificate and key in one, as a
// PKCS#12 has them), else "--ca-cert" and "--ca-key". `option` is "ca" or another name in its place. Both empty when
// none is given; a usage error when they contradict each other. An empty key means that it is in the certificate's
// file.
struct CaFiles {
  std::string certificate, key;
};
[[nodiscard]] Result<CaFiles> ca_files(const ParsedOptions& options, const std::string& option = "ca");

// "--format": text, unless it says json.
[[nodiscard]] Result<bool> wants_json(const ParsedOptions& options);

// ---- the other subcommands, each in its cmd_pki_<name>.cpp
int run_pki_fault(std::span<const std::string> args, CommandContext& context);
int run_pki_crl(std::span<const std::string> args, CommandContext& context);
int run_pki_inspect(std::span<const std::string> args, CommandContext& context);
int run_pki_p12(std::span<const std::string> args, CommandContext& context);

}  // namespace tlsproof::cli
