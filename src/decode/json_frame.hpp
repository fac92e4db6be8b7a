// SPDX-License-Identifier: Apache-2.0
// Where JSON records begin and end when lines do not tell: one array over the file, or objects one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

enum class JsonLayout : std::uint8_t { kLines, kObjects };

/// How the records of a file lie, learnt from its first bytes.
struct JsonShape {
  JsonLayout layout = JsonLayout::kLines;
  std::vector<std::string> keys;  ///< with both quotes: the keys that all records of the head begin with, four at most
  bool array = false;             ///< one over the file
  std::string wrapper;            ///< with both quotes: records are elements of the array that objects have under it
  std::string comment;            ///< lines that begin with it count for nothing
};

/// An array of objects and objects over several lines (or several on one) are kObjects; everything else is lines.
/// `known`: wrapper and comment. With a wrapper the head begins at its array's bracket, or at the brace behind a `null`
/// in its place.
JsonShape find_json_shape(std::string_view head, JsonShape known = {});

/// Where the first array under the wrapper (a key with quotes) has its bracket, or a null in its place its end; 0 when
/// the text has none: then it is JSON like any other.
std::size_t find_wrapped_array(std::string_view text, const std::string& wrapper);

enum class JsonScan : std::uint8_t { kWhole, kIncomplete, kDamaged };

/// Finds records in text that is not cut by lines. Between records stand blanks, commas and the brackets of an array;
/// with a wrapper also the braces of the objects around it, its key, and members behind it. Comments stand there too.
class JsonFramer {
 public:
  JsonFramer(std::string_view text, bool at_end, const JsonShape& shape, std::size_t max_depth)
      : text_(text), at_end_(at_end), shape_(shape), max_depth_(max_depth) {}

  /// First byte of the next record at or behind `at` (the text's size: none). kIncomplete when the text ends in a
  /// bracket that may still belong to a record.
  JsonScan skip_separators(std::size_t& at) const;
  /// End of the record that begins at `at`. kDamaged (`end`: where) when a string holds a control character, a
  /// backslash stands outside strings, brackets
  /// do not match or, with `strict`, stand deeper than the limit.
  JsonScan find_end(std::size_t at, std::size_t& end, bool strict = false) const;
  /// Does a run of sound records begin at or just behind `at`? kWhole: yes (three, or all up to the file's end).
  JsonScan verify(std::size_t at) const;
  /// True when records begin with two or more keys that are always the same: then a record is known by them alone,
  /// sound or not.
  bool known_by_keys() const { return shape_.keys.size() >= 2; }
  /// Does a record begin at `at`, as far as its first keys tell?
  JsonScan starts_record(std::size_t at) const;
  /// The first place at or behind `from` where a record begins that is known by its keys, or else a sound run of
  /// records. kDamaged: none in this text. `loose`: take one that the text cuts off.
  JsonScan resynchronise(std::size_t from, std::size_t& at, bool loose) const;

 private:
  JsonScan skip_member(std::size_t& at, std::string_view key, bool with_value) const;
  JsonScan skip_comment(std::size_t& at) const;
  JsonScan skip_wrapper(std::size_t& at) const;
  JsonScan open_wrapper(std::size_t& at) const;
  JsonScan skip_other_member(std::size_t& at) const;
  bool may_separate(std::string_view gap, bool ends) const;
  std::size_t skip_blanks(std::size_t at) const;
  JsonScan string_end(std::size_t at, std::size_t& end) const;
  JsonScan object_end(std::size_t at, std::size_t& end, bool strict) const;

  std::string_view text_;
  bool at_end_;
  const JsonShape& shape_;
  std::size_t max_depth_;
};

}  // namespace evclean
