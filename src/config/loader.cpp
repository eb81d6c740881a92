// Text -> tree. yaml-cpp gives events, not its own tree: so depth, nodes and text are counted while they come, and its
// recursion ends when ours does.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/config/node.h"

namespace tlsproof::config {
namespace {

// All text held by keys and values, what aliases repeat included.
constexpr size_t kMaxText = 4 * kMaxFileLen;
// More brackets than this open at once never reach the scanner, which queues them all before the first event.
constexpr size_t kMaxOpenBrackets = 1000;

struct Refused {  // thrown through yaml-cpp, caught in parse_yaml
  Error error;
};

[[noreturn]] void refuse(const Where& where, std::string_view message) {
  throw Refused{where.error(message).error()};
}

}  // namespace

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::shared_ptr<const std::string> file) : file_(std::move(file)) {
    root_.where_ = {file_, 1, 1};
  }

  [[nodiscard]] Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) refuse(at(mark), "a second document begins here; a file is one document");
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) refuse(at(mark), "a key is missing");
    add(make(Node::Kind::null, mark), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) refuse(at(mark), "a key must be text, not an alias");
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(at(mark), "an alias that stands inside what it names would never end");
    check_depth(frames_.size() + depth(found->second), at(mark));
    count_subtree(found->second, at(mark));
    attach(found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (tag != "?" && tag != "!") refuse(at(mark), "tags ('!…') are not understood here");
    if (expects_key()) {
      if (anchor != YAML::NullAnchor) refuse(at(mark), "a key takes no anchor");
      return begin_key(value, at(mark));
    }
    Node node = make(Node::Kind::scalar, mark);
    count_text(value.size(), node.where_);
    node.text_ = value;
    node.quoted_ = tag == "!";  // how yaml-cpp marks what is not plain
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(Node::Kind::list, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(Node::Kind::map, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    bool has_key = false;  // maps: the next value belongs to the last entry
    std::unordered_set<std::string> keys;
  };

  Where at(const YAML::Mark& mark) const {
    auto number = [](int value) { return value < 0 ? uint32_t{1} : static_cast<uint32_t>(value) + 1; };
    return {file_, number(mark.line), number(mark.column)};
  }

  Node make(Node::Kind kind, const YAML::Mark& mark) {
    Node node;
    node.kind_ = kind;
    node.where_ = at(mark);
    count_nodes(1, node.where_);
    return node;
  }

  void count_nodes(size_t num, const Where& where) {
    num_nodes_ += num;
    if (num_nodes_ > kMaxNodes)
      refuse(where, fmt::format("more than {} values, what aliases repeat included", kMaxNodes));
  }
  void count_text(size_t len, const Where& where) {
    text_len_ += len;
    if (text_len_ > kMaxText)
      refuse(where, fmt::format("more than {} bytes of text, what aliases repeat included", kMaxText));
  }
  static void check_depth(size_t depth, const Where& where) {
    if (depth > kMaxDepth) refuse(where, fmt::format("nested deeper than {} levels", kMaxDepth));
  }
  void count_subtree(const Node& node, const Where& where) {  // recursion: at most kMaxDepth
    count_nodes(1, where);
    count_text(node.text_.size(), where);
    for (const Node& item : node.items_) count_subtree(item, where);
    for (const Entry& entry : node.entries_) {
      count_text(entry.key.size(), where);
      count_subtree(entry.value, where);
    }
  }
  static size_t depth(const Node& node) {
    size_t deepest = 0;
    for (const Node& item : node.items_) deepest = std::max(deepest, depth(item));
    for (const Entry& entry : node.entries_) deepest = std::max(deepest, depth(entry.value));
    return deepest + (node.is_list() || node.is_map() ? 1 : 0);
  }

  bool expects_key() const { return !frames_.empty() && frames_.back().node.is_map() && !frames_.back().has_key; }

  void begin_key(const std::string& key, const Where& where) {
    Frame& frame = frames_.back();
    count_text(key.size(), where);
    if (!frame.keys.insert(key).second)
      refuse(where, fmt::format("the key '{}' is there twice", escape_terminal_limited(key, 60)));
    frame.node.entries_.push_back({key, where, {}});
    frame.has_key = true;
  }

  void begin(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (tag != "?") refuse(at(mark), "tags ('!…') are not understood here");
    if (expects_key()) refuse(at(mark), "a key must be text, not a list or a map (is a bracket left open?)");
    check_depth(frames_.size() + 1, at(mark));
    frames_.push_back({make(kind, mark), anchor, false, {}});
  }

  void end() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    add(std::move(frame.node), frame.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      count_subtree(node, node.where_);  // the copy costs like any other
      anchors_[anchor] = node;
    }
    attach(std::move(node));
  }

  void attach(Node node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.is_list()) {
      frame.node.items_.push_back(std::move(node));
    } else {
      frame.node.entries_.back().value = std::move(node);
      frame.has_key = false;
    }
  }

  std::shared_ptr<const std::string> file_;
  Node root_;
  bool started_ = false;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Node> anchors_;  // complete ones only: hence no cycle
  size_t num_nodes_ = 0;
  size_t text_len_ = 0;
};

namespace {

// Length of the well-formed UTF-8 sequence at the start, 0 for none.
size_t sequence_len(std::string_view text) {
  for (size_t len = 1; len <= std::min<size_t>(4, text.size()); ++len)
    if (is_valid_utf8(text.substr(0, len))) return len;
  return 0;
}

// What yaml-cpp must never see, because it costs too much or because nobody means it.
Status check_text(std::string_view text, const std::shared_ptr<const std::string>& file) {
  if (text.size() > kMaxFileLen) return Where{file, 0, 0}.error(fmt::format("larger than {} bytes", kMaxFileLen));
  Where where{file, 1, 1};
  size_t num_open = 0;
  while (!text.empty()) {
    size_t len = static_cast<uint8_t>(text[0]) < 0x80 ? 1 : sequence_len(text);
    if (len == 0) return where.error(fmt::format("not UTF-8: byte 0x{:02x}", static_cast<uint8_t>(text[0])));
    char c = text[0];
    if ((c >= 0 && c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
      return where.error(fmt::format("control character 0x{:02x}", static_cast<uint8_t>(c)));
    if (c == '[' || c == '{') ++num_open;
    if ((c == ']' || c == '}') && num_open > 0) --num_open;
    if (num_open > kMaxOpenBrackets)
      return where.error(fmt::format("more than {} brackets are open here", kMaxOpenBrackets));
    where.column += static_cast<uint32_t>(len);
    if (c == '\n') where = {file, where.line + 1, 1};
    text.remove_prefix(len);
  }
  return {};
}

}  // namespace

Result<Node> parse_yaml(std::string_view text, const std::string& name) {
  auto file = std::make_shared<const std::string>(name);
  TLSPROOF_TRY_VOID(check_text(text, file));
  TreeBuilder builder(file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Refused& refused) {
    return std::unexpected(refused.error);
  } catch (const YAML::Exception& error) {
    auto number = [](int value) { return value < 0 ? 1U : static_cast<unsigned>(value) + 1; };
    return Where{file, number(error.mark.line), number(error.mark.column)}.error("YAML: " + escape_terminal(error.msg));
  } catch (const std::exception& error) {
    return Where{file, 0, 0}.error("YAML: " + escape_terminal(error.what()));
  }
}

Result<Node> load_yaml(const std::string& path) {
  TLSPROOF_TRY(Bytes content, load_file(path, "YAML file", kMaxFileLen));
  return parse_yaml(as_text(content), path);
}

}  // namespace tlsproof::config
