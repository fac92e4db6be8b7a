// SPDX-License-Identifier: Apache-2.0
// Types from all the data: evidence is gathered while values are converted under a guess, merged over ranks in any
// order, and settles each column exactly as if all values had been seen first (job contract, 2.5).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/batch.hpp"

namespace evclean {

/// How the text of one value reads. A date that fits both D/M/Y and M/D/Y is kDateEither.
enum class ValueKind : std::uint8_t {
  kBool,
  kInt,
  kBigInt /* beyond 2^53 */,
  kFloat,
  kDate,
  kDateDayFirst,
  kDateMonthFirst,
  kDateEither,
  kTimestamp,
  kTimestampDayFirst,
  kTimestampMonthFirst,
  kTimestampEither,
  kString,
};
inline constexpr std::size_t kValueKinds = 13;

/// Classifies one value that is not missing. Edge blanks (space, tab) do not count. `json_string`: never a number or
/// boolean.
ValueKind classify(std::string_view text, bool json_string = false);

/// Place of a value, ordered as input is.
struct Place {
  std::int32_t file = INT32_MAX;
  std::int64_t byte_offset = INT64_MAX;
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// What has been seen of one column: exact counts, also where a string has been seen already, so that a report can say
/// how many values stand in a type's way. Merging is commutative and associative, to the byte when serialized.
struct Evidence {
  struct Seen {
    std::int64_t count = 0;
    Place first;         ///< the first such value in input order
    std::string sample;  ///< its text, cut at 80 bytes
  };
  std::array<Seen, kValueKinds> kinds;
  std::int64_t missing = 0;                        ///< counted by convert, whatever made them so
  std::map<std::string, std::int64_t> null_words;  ///< counted a word by mark_missing; "" stands for blank text
  std::int64_t zero_padded = 0;                    ///< digits with a leading zero, such as 007

  void merge(const Evidence& other);
  std::string serialize() const;
  static Evidence parse(std::string_view bytes);
};

enum class DateOrder : std::uint8_t { kNone, kDayFirst, kMonthFirst };

/// A column's settled (or guessed) type. A text date needs its order to be read.
struct ColumnType {
  ValueType type = ValueType::kString;
  DateOrder order = DateOrder::kNone;
  friend bool operator==(const ColumnType&, const ColumnType&) = default;
};

/// The narrowest type that holds all values seen; string when none was seen.
/// `ambiguous` (out, may be null) is set when some dates fit both D/M and M/D and no value decides: the type given is
/// then the day-first one, and the column is an error once it is used.
ColumnType settle(const Evidence& evidence, bool* ambiguous = nullptr);

/// The key `nulls:` of an input.
struct NullOptions {
  bool only = false;  ///< the words replace the usual ones
  std::vector<std::string> words;
};

/// Words for missing: pandas' 19, exact case, and blank text (spaces, tabs, nothing); presets add "-". JSON knows blank
/// text and the words that were added by the user, not the standard ones.
class NullWords {
 public:
  static NullWords standard();
  static NullWords logs();
  /// Adds a word of the user's; blank text stands for any blank text.
  void add(std::string_view word);
  /// Just these words of the user's; without a blank one, blank text is a value.
  static NullWords only(const std::vector<std::string>& words);
  /// These usual words as the user's options change them.
  NullWords changed_by(const NullOptions& options) const;
  bool contains(std::string_view text) const noexcept;

 private:
  struct Word {
    std::string text;
    bool own;  ///< added by the user
  };
  static constexpr int kNone = -2;
  static constexpr int kBlank = -1;

  void add_word(std::string_view text, bool own);
  int find(std::string_view text, bool own_only) const noexcept;
  bool may_be_word(char first, std::size_t length) const noexcept {
    return (lengths_of_[static_cast<unsigned char>(first)] >> (length < 31 ? length : 31) & 1) != 0;
  }
  void mark(SpanColumn& column, Evidence& evidence) const;
  friend void mark_missing(SpanColumn& column, const NullWords& words, Evidence& evidence);

  std::vector<Word> words_;
  bool blank_ = false;
  /// For each first byte, a bitmap of the lengths of its words (the last bit: 31 and more), to say no quickly.
  std::array<std::uint32_t, 256> lengths_of_{};
};

/// Turns words for missing into kMissing, once a column (sets nulls_marked), counting them in `evidence`.
void mark_missing(SpanColumn& column, const NullWords& words, Evidence& evidence);

/// The zone of times without offset ("UTC", "Z", "+02:00", "Europe/Berlin"). A local time that clocks show twice is the
/// first of the two; one that they skip is moved forward by the gap.
class TimeZone {
 public:
  static TimeZone utc() { return {}; }
  /// Errors: user Error for an unknown name. Lifetime: zones by name stay in memory, a copy is two words.
  static TimeZone named(std::string_view name);
  /// Microseconds to subtract from local microseconds since 1970.
  std::int64_t offset_us(std::int64_t local_us) const;

 private:
  const void* zone_ = nullptr;
  std::int64_t fixed_us_ = 0;
};

/// Where values of a batch stand, for evidence and messages. Without records: file -1, row number.
struct PlaceOf {
  const Batch* batch;
  Place operator()(std::int64_t row) const;
};

/// Converts a raw column whose nulls are marked to `guess`, adding evidence of every value.
/// For a string guess the column stays raw (null array returned) and only evidence is gathered.
/// `misfits` (out): values that do not fit the guess; they become null in the array. When the result
/// has misfits the caller must not use the array but settle again. (Under float64, an integer beyond 2^53 is a misfit
/// of the guess, but the array has its nearest double, for columns whose type was declared.) `zone`: of times without
/// offset; a date under a timestamp guess is its midnight there.
std::shared_ptr<arrow::Array> convert(const SpanColumn& column, ColumnType guess, const PlaceOf& place,
                                      Evidence& evidence, std::int64_t& misfits, const TimeZone& zone = {});

// One value; false when the text does not read. Edge blanks do not count. Days and microseconds since 1970-01-01 UTC.
bool parse_int64(std::string_view text, std::int64_t& value) noexcept;  ///< -?(0|[1-9][0-9]*) in range
bool parse_float64(std::string_view text, double& value) noexcept;      ///< JSON's grammar, finite
bool parse_bool(std::string_view text, bool& value) noexcept;
bool parse_date(std::string_view text, DateOrder order, std::int32_t& days) noexcept;
bool parse_timestamp(std::string_view text, DateOrder order, const TimeZone& zone, std::int64_t& us) noexcept;
/// dd/Mon/yyyy:HH:MM:SS ±zzzz, the access log's form; the fast way in for decoders.
bool parse_clf_time(const char* text, std::size_t length, std::int64_t& us) noexcept;
/// strptime with %Y %m %d %H %M %S %y %b %B %a %A %e %j %I %p %f %z %Z %s %T %D %F %R %%; whole text must match.
/// Errors: user Error for a format that time_format_problem() would name.
bool parse_time_format(std::string_view text, std::string_view format, const TimeZone& zone, std::int64_t& us);
/// What is wrong with a time format, to follow "time format '...' "; empty when nothing is.
std::string time_format_problem(std::string_view format);

// Text of values as CSV shows them. Each appends to `out`.
void append_int64(std::string& out, std::int64_t value);
void append_float64(std::string& out, double value);  ///< shortest digits that read back: 1.0, 0.0001, 1e+16; nan, inf
void append_date(std::string& out, std::int32_t days);  ///< 2026-11-01
void append_timestamp(std::string& out, std::int64_t us, char separator = ' ', bool zulu = false);
/// The CSV text of one value of a typed array; empty when null.
std::string value_text(const arrow::Array& array, std::int64_t row);

// The same into a raw buffer with at least 40 bytes of room; returns the end.
char* write_int64(char* out, std::int64_t value) noexcept;
char* write_float64(char* out, double value) noexcept;
char* write_date(char* out, std::int32_t days) noexcept;
char* write_timestamp(char* out, std::int64_t us, char separator, bool zulu) noexcept;

}  // namespace evclean
