// The parts of reading a scenario, shared by the files beside this one.
#pragma once

#include <set>

#include "tlsproof/config/node.h"
#include "tlsproof/scenario/scenario.h"

namespace tlsproof::scenario {

// What a matrix may make of one file, all its plays together.
inline constexpr size_t kMaxPlayNodes = 2'000'000;
inline constexpr size_t kMaxPlayText = size_t{32} << 20;

// The variables of one play: `tls` and those of the matrix.
class Variables {
 public:
  // Borrows the value until clear().
  void set(std::string name, const config::Node& value) { values_.emplace_back(std::move(name), &value); }
  void clear() { values_.clear(); }
  void set_tls(std::string text) { tls_ = std::move(text); }
  [[nodiscard]] bool was_used(std::string_view name) const { return used_.contains(name); }

  // A copy with every ${name} replaced: a scalar that is one variable alone becomes the variable's value, whatever it
  // is; inside other text stands the value's own text. "$${" is a plain "${". In `needs`, ${tls} is "1_3".
  [[nodiscard]] Result<config::Node> replace(const config::Node& node, bool in_needs);

 private:
  [[nodiscard]] Result<config::Node> replace_one(const config::Node& scalar, bool in_needs);
  [[nodiscard]] Result<const config::Node*> find(const config::Node& scalar, std::string_view name, bool in_needs);
  [[nodiscard]] Status count(const config::Node& at, size_t num_nodes, size_t text_len);
  [[nodiscard]] Status count_tree(const config::Node& at, const config::Node& node);

  std::vector<std::pair<std::string, const config::Node*>> values_;
  std::string tls_;
  config::Node tls_node_;
  std::set<std::string, std::less<>> used_;
  size_t num_nodes_ = 0;  // over all plays
  size_t text_len_ = 0;
};

// "plaintext" …, in the order of Level.
[[nodiscard]] std::span<const std::string_view> level_words();
// The keys of `expect` of which there is one, in the order of Expect::Kind; without `control`, which files say
// elsewhere.
[[nodiscard]] std::span<const std::string_view> expect_words();

// The type of the message; nullopt for what is no handshake message.
[[nodiscard]] std::optional<uint8_t> handshake_type(Message message);
enum class FieldAction : uint8_t { set, append, remove };  // remove: only the name is held against the message
// Whether a message of this type can have that done to it in some version.
[[nodiscard]] Status check_field(uint8_t handshake_type, FieldAction action, std::string_view path, const Value& value,
                                 const config::Where& where);

// The one key that is `true`.
[[nodiscard]] Status demand_true(const config::Node& node);
[[nodiscard]] Result<Value> parse_value(const config::Node& node);
[[nodiscard]] Result<FieldValues> parse_field_values(const config::Node& node);
// "quoted text" or {hex: "00ff"}.
[[nodiscard]] Result<Bytes> parse_body(const config::Node& node);
[[nodiscard]] Result<MessageRef> parse_message_ref(const config::Node& node, Role we_are);
[[nodiscard]] Result<uint8_t> parse_alert(const config::Node& node);
[[nodiscard]] Result<std::vector<Edit>> parse_edits(const config::Node& list, Role we_are);
[[nodiscard]] Result<Edit> parse_edit(const config::Node& node, Role we_are);
[[nodiscard]] Result<Expect> parse_expect(const config::Node& node, Role we_are);

}  // namespace tlsproof::scenario
