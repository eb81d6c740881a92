// ${name}: the matrix put into what is played.
#include <fmt/format.h>

#include <algorithm>

#include "parse.h"
#include "tlsproof/base/text.h"

namespace tlsproof::scenario {
namespace {

using config::Node;

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

Result<Node> Variables::replace(const Node& node, bool in_needs) {
  return node.replace_scalars([&](const Node& scalar) { return replace_one(scalar, in_needs); });
}

Result<const Node*> Variables::find(const Node& scalar, std::string_view name, bool in_needs) {
  if (!is_name(name))
    return scalar.error(fmt::format("a variable is ${{name}}, with small letters, digits and _, not '${{{}}}'",
                                    escape_terminal_limited(name, 40)));
  if (name == "tls") {
    std::string text = tls_;
    if (in_needs) std::ranges::replace(text, '.', '_');
    tls_node_ = Node::make_scalar(std::move(text), false, scalar.where());
    return &tls_node_;
  }
  auto found = std::ranges::find(values_, name, &std::pair<std::string, const Node*>::first);
  if (found != values_.end()) {
    used_.emplace(name);
    return found->second;
  }
  std::vector<std::string_view> known = {"tls"};
  for (const auto& [known_name, value] : values_) known.push_back(known_name);
  return scalar.error(fmt::format("unknown variable {}", config::suggest(name, known)));
}

Status Variables::count(const Node& at, size_t num_nodes, size_t text_len) {
  num_nodes_ += num_nodes;
  text_len_ += text_len;
  if (num_nodes_ <= kMaxPlayNodes && text_len_ <= kMaxPlayText) return {};
  return at.error(
      fmt::format("the matrix makes too much of this file: over {} values or {} bytes", kMaxPlayNodes, kMaxPlayText));
}

Status Variables::count_tree(const Node& at, const Node& node) {  // no deeper than any file
  TLSPROOF_TRY_VOID(count(at, 1, node.scalar().size()));
  for (const Node& item : node.items()) TLSPROOF_TRY_VOID(count_tree(at, item));
  for (const config::Entry& entry : node.entries()) TLSPROOF_TRY_VOID(count_tree(at, entry.value));
  return {};
}

Result<Node> Variables::replace_one(const Node& scalar, bool in_needs) {
  std::string_view rest = scalar.scalar();
  TLSPROOF_TRY_VOID(count(scalar, 1, rest.size()));
  if (rest.find("${") == std::string_view::npos) return scalar;
  if (rest.starts_with("${") && rest.find('}') == rest.size() - 1) {
    TLSPROOF_TRY(const Node* value, find(scalar, rest.substr(2, rest.size() - 3), in_needs));
    TLSPROOF_TRY_VOID(count_tree(scalar, *value));
    return *value;
  }
  std::string text;
  while (!rest.empty()) {
    size_t dollar = rest.find("${");
    bool escaped = dollar != std::string_view::npos && dollar > 0 && rest[dollar - 1] == '$';
    text += rest.substr(0, escaped ? dollar - 1 : dollar);
    if (dollar == std::string_view::npos) break;
    rest.remove_prefix(dollar + 2);
    if (escaped) {
      text += "${";
      continue;
    }
    size_t end = rest.find('}');
    if (end == std::string_view::npos) return scalar.error("'${' without '}'; a plain '${' is written '$${'");
    TLSPROOF_TRY(const Node* value, find(scalar, rest.substr(0, end), in_needs));
    if (!value->is_scalar())
      return scalar.error(
          fmt::format("'{}' is {}: it can only stand alone, not within text", rest.substr(0, end), value->describe()));
    TLSPROOF_TRY_VOID(count(scalar, 0, value->scalar().size()));
    text += value->scalar();
    rest.remove_prefix(end + 1);
  }
  return Node::make_scalar(std::move(text), scalar.quoted(), scalar.where());
}

}  // namespace tlsproof::scenario
