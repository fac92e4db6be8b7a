// SPDX-License-Identifier: Apache-2.0
// A YAML document as a tree that keeps places, the order of keys and how scalars were written. Built from yaml-cpp's
// events, because its own nodes drop duplicate keys and the marks of keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/job.hpp"

namespace evclean::job {

/// Deeper than any job; inline JSON rows are the deepest thing in one.
inline constexpr int kMaxDepth = 64;
/// Scalars, lists and maps of a document, copies made by aliases included.
inline constexpr std::int64_t kMaxNodes = 1'000'000;
/// Copies made by aliases: a few shared lists are fine, a bomb is not.
inline constexpr std::int64_t kMaxAliasNodes = 10'000;

/// One value. Shape: a list has items; a map has keys[i] for items[i]; a scalar has text.
struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  bool quoted = false;      ///< quoted or a block: never a number or boolean
  int override_index = -1;  ///< the --set it came from; -1: the file
  JobPlace place;
  std::string text;
  std::vector<YamlNode> keys;
  std::vector<YamlNode> items;

  bool is_null() const noexcept { return kind == Kind::kNull; }
  bool is_scalar() const noexcept { return kind == Kind::kScalar; }
  bool is_list() const noexcept { return kind == Kind::kList; }
  bool is_map() const noexcept { return kind == Kind::kMap; }
  /// The value of a key, or a null pointer.
  const YamlNode* find(std::string_view key) const;
  YamlNode* find(std::string_view key);
};

/// What kind of value it is, for messages: "null", "a list", "a map", "text".
std::string_view kind_words(const YamlNode& node);

/// How the YAML 1.2 core schema reads a plain scalar. Yes, no, on and off are text.
enum class CoreType : std::uint8_t { kText, kNumber, kBool };
CoreType core_type(const YamlNode& scalar);

/// Reads one document. Problems (syntax, duplicate keys, custom tags, aliases that expand too far) are appended to
/// `problems` with their place; the tree is empty when the syntax is broken or nothing is there.
std::optional<YamlNode> read_yaml(std::string_view text, std::vector<JobProblem>& problems);

}  // namespace evclean::job
