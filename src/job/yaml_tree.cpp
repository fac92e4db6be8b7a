// SPDX-License-Identifier: Apache-2.0
#include "yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "evclean/suggest.hpp"
#include "yaml_errors.hpp"
#include "yaml_source.hpp"

namespace evclean::job {

namespace {

/// Thrown through yaml-cpp when reading on makes no sense.
struct StopReading {
  std::size_t offset;
  std::string message;
};

std::size_t offset_of(const YAML::Mark& mark) { return mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos); }

std::int64_t count_nodes(const YamlNode& node) {
  std::int64_t count = 1;
  for (const YamlNode& key : node.keys) count += count_nodes(key);
  for (const YamlNode& item : node.items) count += count_nodes(item);
  return count;
}

int height(const YamlNode& node) {
  int most = 0;
  for (const YamlNode& item : node.items) most = std::max(most, height(item));
  return most + 1;
}

/// Builds the tree from events.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(YamlSource& source, std::vector<JobProblem>& problems) : source_(source), problems_(problems) {}

  std::optional<YamlNode> take() { return std::move(root_); }

  /// Where the innermost bracket that is still open stands.
  std::optional<std::size_t> open_bracket() const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
      const std::string_view rest = source_.from(frame->offset);
      if (!rest.empty() && (rest.front() == '[' || rest.front() == '{')) return frame->offset;
    }
    return std::nullopt;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) {
      throw StopReading{offset_of(mark), "a second document begins here, and a job is one: check the indentation"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t offset = here_ = offset_of(mark);
    YamlNode node;
    node.place = source_.place(offset);
    // yaml-cpp keeps no text for null, but `null:` is a key; an empty value has the mark of what follows it.
    const std::string_view rest = source_.from(offset);
    for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
      if (rest.substr(0, word.size()) == word) node.text = word;
    }
    if (awaits_value()) node.place = frames_.back().key->place;
    const bool is_item = !frames_.empty() && frames_.back().node.is_list();
    if (is_item && node.text.empty()) node.place = source_.place(source_.dash_before(offset).value_or(offset));
    add(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = make(YamlNode::Kind::kScalar, mark, tag);
    const char first = source_.from(offset_of(mark)).empty() ? ' ' : source_.from(offset_of(mark)).front();
    if ((first == '\'' || first == '"') && tag == "!" && !quote_is_closed(source_.text(), offset_of(mark))) {
      throw StopReading{offset_of(mark), "this quote is never closed"};
    }
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    node.text = value;
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw StopReading{offset_of(mark), "an alias inside its own anchor"};
    alias_nodes_ += count_nodes(found->second);
    if (alias_nodes_ > kMaxAliasNodes) throw StopReading{offset_of(mark), too_much_aliased()};
    if (static_cast<int>(frames_.size()) + height(found->second) > kMaxDepth)
      throw StopReading{offset_of(mark), too_deep()};
    YamlNode copy = found->second;
    copy.place = source_.place(offset_of(mark));
    add(std::move(copy), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map that is being filled.
  struct Frame {
    YamlNode node;
    std::size_t offset = 0;
    YAML::anchor_t anchor = 0;
    std::optional<YamlNode> key;                     ///< of a map: waits for its value
    std::unordered_map<std::string, JobPlace> seen;  ///< of a map: its keys
  };

  static std::string too_deep() { return fmt::format("nested more than {} levels deep", kMaxDepth); }
  static std::string too_much_aliased() {
    return fmt::format("aliases (*name) expand to more than {} values: write them out", kMaxAliasNodes);
  }

  bool awaits_value() const { return !frames_.empty() && frames_.back().key.has_value(); }

  YamlNode make(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    YamlNode node;
    here_ = offset_of(mark);
    node.kind = kind;
    node.place = source_.place(offset_of(mark));
    refuse_custom_tag(mark, tag);
    return node;
  }

  void refuse_custom_tag(const YAML::Mark& mark, const std::string& tag) {
    static constexpr std::string_view kCore[] = {"str", "int", "float", "bool", "seq", "map"};
    static constexpr std::string_view kPrefix = "tag:yaml.org,2002:";
    const std::size_t offset = offset_of(mark);
    const std::string_view rest = source_.from(offset);
    const bool written = tag != "?" && (tag != "!" || (!rest.empty() && rest.front() == '!'));
    if (!written) return;
    if (tag.rfind(kPrefix, 0) == 0) {
      const std::string_view name = std::string_view(tag).substr(kPrefix.size());
      if (std::find(std::begin(kCore), std::end(kCore), name) != std::end(kCore)) return;
    }
    problems_.push_back(problem_with_line(
        source_, offset,
        "'!' begins a YAML tag, which a job cannot have: if it is part of the value, put it in single quotes"));
    if (problems_.size() > kMostTagProblems) throw StopReading{offset, "too many tags"};
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (static_cast<int>(frames_.size()) >= kMaxDepth) throw StopReading{offset_of(mark), too_deep()};
    Frame frame;
    frame.node = make(kind, mark, tag);
    frame.offset = offset_of(mark);
    frame.anchor = anchor;
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    add(std::move(frame.node), frame.anchor);
  }

  void add(YamlNode node, YAML::anchor_t anchor) {
    if (++nodes_ > kMaxNodes) throw StopReading{here_, fmt::format("more than {} values", kMaxNodes)};
    if (anchor != 0) remember(node, anchor);
    if (frames_.empty()) {
      root_ = std::move(node);
    } else if (frames_.back().node.is_list()) {
      frames_.back().node.items.push_back(std::move(node));
    } else if (awaits_value()) {
      put(frames_.back(), std::move(node));
    } else {
      frames_.back().key = std::move(node);
    }
  }

  /// Copies anchored values; the copies count, or anchors nested in anchors would grow with their square.
  void remember(const YamlNode& node, YAML::anchor_t anchor) {
    nodes_ += count_nodes(node);
    anchors_[anchor] = node;
  }

  void put(Frame& frame, YamlNode value) {
    YamlNode key = std::move(*frame.key);
    frame.key.reset();
    if (key.is_list() || key.is_map()) {
      problems_.push_back({key.place, fmt::format("{} cannot be a key", kind_words(key))});
      return;
    }
    const auto [first, is_new] = frame.seen.emplace(key.text, key.place);
    if (!is_new) {
      problems_.push_back({key.place, fmt::format("duplicate key '{}': it stands on line {} already",
                                                  printable(key.text, 80), first->second.line)});
      return;
    }
    frame.node.keys.push_back(std::move(key));
    frame.node.items.push_back(std::move(value));
  }

  static constexpr std::size_t kMostTagProblems = 1000;

  YamlSource& source_;
  std::vector<JobProblem>& problems_;
  std::optional<YamlNode> root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t here_ = 0;  ///< offset of the last value
  std::int64_t nodes_ = 0;
  std::int64_t alias_nodes_ = 0;
};

/// Runs the parser over the text. Returns false when it broke off (a problem says why).
bool run_parser(YamlSource& source, TreeBuilder& builder, std::vector<JobProblem>& problems) {
  try {
    std::istringstream stream{std::string(source.text())};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return true;
  } catch (const StopReading& stop) {
    problems.push_back(problem_with_line(source, stop.offset, stop.message));
  } catch (const YAML::Exception& error) {
    // An open bracket is reported where it opens: yaml-cpp only says where the text ended.
    const bool open = error.msg == "end of sequence flow not found" || error.msg == "end of map flow not found";
    const auto bracket = open ? builder.open_bracket() : std::nullopt;
    problems.push_back(yaml_problem(source, bracket.value_or(offset_of(error.mark)), error.msg));
  }
  return false;
}

bool is_digits(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return text;
}

/// [0-9]+ with fraction and exponent, or a fraction alone.
bool is_decimal(std::string_view text) {
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    if (!is_digits(without_sign(text.substr(exponent + 1)), "0123456789")) return false;
    text = text.substr(0, exponent);
  }
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return is_digits(text, "0123456789");
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = text.substr(point + 1);
  if (whole.empty()) return is_digits(fraction, "0123456789");
  return is_digits(whole, "0123456789") && (fraction.empty() || is_digits(fraction, "0123456789"));
}

bool is_number(std::string_view text) {
  if (text.substr(0, 2) == "0x") return is_digits(text.substr(2), "0123456789abcdefABCDEF");
  if (text.substr(0, 2) == "0o") return is_digits(text.substr(2), "01234567");
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  const std::string_view unsigned_text = without_sign(text);
  return unsigned_text == ".inf" || unsigned_text == ".Inf" || unsigned_text == ".INF" || is_decimal(unsigned_text);
}

}  // namespace

YamlNode* YamlNode::find(std::string_view key) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

const YamlNode* YamlNode::find(std::string_view key) const { return const_cast<YamlNode*>(this)->find(key); }

std::string_view kind_words(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "null";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
    case YamlNode::Kind::kScalar:
      break;
  }
  return "text";
}

CoreType core_type(const YamlNode& scalar) {
  if (scalar.quoted) return CoreType::kText;
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (scalar.text == word) return CoreType::kBool;
  }
  return is_number(scalar.text) ? CoreType::kNumber : CoreType::kText;
}

std::optional<YamlNode> read_yaml(std::string_view text, std::vector<JobProblem>& problems) {
  static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, 3) == kByteOrderMark) text.remove_prefix(3);
  YamlSource source(text);
  if (const auto bad = find_bad_byte(text)) {
    problems.push_back({source.place(bad->offset), bad->message});
    return std::nullopt;
  }
  // Both would make yaml-cpp hold gigabytes before its first event.
  if (const auto at = find_long_line(text)) {
    problems.push_back(problem_with_line(source, *at, "a line of more than 1 MiB: is this a job file?"));
    return std::nullopt;
  }
  if (opens_too_much(text)) {
    problems.push_back(problem_with_line(source, 0, fmt::format("nested more than {} levels deep", kMaxDepth)));
    return std::nullopt;
  }
  TreeBuilder builder(source, problems);
  if (!run_parser(source, builder, problems)) return std::nullopt;
  return builder.take();
}

}  // namespace evclean::job
