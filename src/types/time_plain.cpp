// SPDX-License-Identifier: Apache-2.0
// The forms that logs are full of. Year and month of one row are mostly those of the row before: eight bytes that
// name them are compared with the last ones seen, and the remaining digits are checked and added in one vector.
#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

#include "digits.hpp"
#include "time_text.hpp"

namespace evclean {
namespace {

/// The month that eight bytes of text name.
struct Month {
  std::uint64_t text = 0;
  std::int32_t day_before = 0;  ///< days from 1970-01-01 to the day before its first
  std::int32_t days = 0;        ///< 0: none
};

thread_local constinit Month last_plain_month;
thread_local constinit Month last_clf_month;

Month make_month(std::uint64_t text, std::int32_t century, std::int32_t year_of_century, std::int32_t month) noexcept {
  const std::int32_t year = century * 100 + year_of_century;
  if (century < 0 || year_of_century < 0 || !is_civil_day(year, month, 1)) return {};
  return {text, days_from_civil(year, month, 1) - 1, days_in_month(year, month)};
}

/// "2026-11-" or "2026/11/".
Month read_plain_month(const char* at, std::uint64_t text) noexcept {
  if ((at[4] != '-' && at[4] != '/') || at[7] != at[4]) return {};
  return make_month(text, two_digits(at), two_digits(at + 2), two_digits(at + 5));
}

/// "Nov/2026".
Month read_clf_month(const char* at, std::uint64_t text) noexcept {
  if (at[3] != '/') return {};
  return make_month(text, two_digits(at + 4), two_digits(at + 6), month_of(at));
}

template <Month (*kRead)(const char*, std::uint64_t) noexcept>
inline bool find_month(const char* at, Month& last) noexcept {
  const std::uint64_t text = load_eight(at);
  if (text == last.text) return true;
  const Month month = kRead(at, text);
  if (month.days == 0) return false;
  last = month;
  return true;
}

#if defined(__SSE4_1__)

/// Numbers of two digits each, as 16-bit lanes; false when a digit is none or a number exceeds its `most`.
inline bool add_digit_pairs(__m128i characters, __m128i most, __m128i& numbers) noexcept {
  const __m128i digits = _mm_sub_epi8(characters, _mm_set1_epi8('0'));
  numbers = _mm_maddubs_epi16(_mm_min_epu8(digits, _mm_set1_epi8(10)), _mm_set1_epi16(0x010A));
  const __m128i bad_digit = _mm_subs_epu8(digits, _mm_set1_epi8(9));
  const __m128i bad_number = _mm_cmpgt_epi16(numbers, most);
  const __m128i bad = _mm_or_si128(bad_digit, bad_number);
  return _mm_testz_si128(bad, bad) != 0;
}

/// HH:MM:SS at text + 11, behind T or a blank; eighteen bytes before `text + 19` may be loaded.
inline bool read_clock(const char* text, std::int64_t& us) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 3));
  constexpr char kNo = static_cast<char>(0x80);
  const __m128i pick = _mm_setr_epi8(8, 9, 11, 12, 14, 15, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo);
  const __m128i zeros = _mm_setr_epi8(0, 0, 0, 0, 0, 0, '0', '0', '0', '0', '0', '0', '0', '0', '0', '0');
  const __m128i most = _mm_setr_epi16(23, 59, 59, 0, 0, 0, 0, 0);
  __m128i numbers;
  if (!add_digit_pairs(_mm_or_si128(_mm_shuffle_epi8(bytes, pick), zeros), most, numbers)) return false;
  const auto lanes = static_cast<std::uint64_t>(_mm_cvtsi128_si64(numbers));
  const auto seconds = (lanes & 0xFFFF) * 3600 + ((lanes >> 16) & 0xFFFF) * 60 + ((lanes >> 32) & 0xFFFF);
  us = static_cast<std::int64_t>(seconds) * kSecondUs;
  return text[13] == ':' && text[16] == ':' && (text[10] == ' ' || text[10] == 'T');
}

/// dd, HH:MM:SS and ±zzzz of the access log's form, with the month already found.
inline bool read_clf_rest(const char* text, const Month& month, std::int64_t& us) noexcept {
  __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 10));
  const __m128i marks = _mm_setr_epi8(0, ':', 0, 0, ':', 0, 0, ':', 0, 0, ' ', 0, 0, 0, 0, 0);
  const int mark_bits = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, marks)) & 0b0000'0100'1001'0010;
  constexpr char kNo = static_cast<char>(0x80);
  const __m128i pick = _mm_setr_epi8(2, 3, 5, 6, 8, 9, 12, 13, 14, 15, kNo, kNo, kNo, kNo, kNo, kNo);
  const __m128i zeros = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '0', '0', '0', '0');
  std::uint16_t day_text;
  std::memcpy(&day_text, text, 2);
  bytes = _mm_insert_epi16(_mm_or_si128(_mm_shuffle_epi8(bytes, pick), zeros), day_text, 5);
  const auto days = static_cast<short>(month.days);
  const __m128i most = _mm_setr_epi16(23, 59, 59, 23, 59, days, 0, 0);
  __m128i numbers;
  if (!add_digit_pairs(bytes, most, numbers) || mark_bits != 0b0000'0100'1001'0010 || text[2] != '/') return false;
  const __m128i weights = _mm_setr_epi16(3600, 60, 1, 0, 0, 0, 0, 0);
  const __m128i sums = _mm_madd_epi16(numbers, weights);  // HH * 3600 + MM * 60, SS
  const std::int32_t seconds = _mm_cvtsi128_si32(sums) + _mm_extract_epi32(sums, 1);
  const std::int32_t offset = (_mm_extract_epi16(numbers, 3) * 60 + _mm_extract_epi16(numbers, 4)) * 60;
  const std::int32_t day = _mm_extract_epi16(numbers, 5);
  const char sign = text[21];
  us = (month.day_before + day) * kDayUs + (seconds - (sign == '-' ? -offset : offset)) * kSecondUs;
  return day != 0 && (sign == '+' || sign == '-') && in_calendar(us);
}

#else

inline bool in_range(std::int32_t value, std::int32_t most) noexcept { return value >= 0 && value <= most; }

inline bool read_seconds(const char* text, std::int32_t& seconds) noexcept {
  const std::int32_t hour = two_digits(text);
  const std::int32_t minute = two_digits(text + 3);
  const std::int32_t second = two_digits(text + 6);
  seconds = hour * 3600 + minute * 60 + second;
  return in_range(hour, 23) && in_range(minute, 59) && in_range(second, 59) && text[2] == ':' && text[5] == ':';
}

inline bool read_clock(const char* text, std::int64_t& us) noexcept {
  std::int32_t seconds = 0;
  if (!read_seconds(text + 11, seconds)) return false;
  us = seconds * kSecondUs;
  return text[10] == ' ' || text[10] == 'T';
}

inline bool read_clf_rest(const char* text, const Month& month, std::int64_t& us) noexcept {
  const std::int32_t day = two_digits(text);
  std::int32_t seconds = 0;
  std::int64_t offset_us = 0;
  if (day < 1 || day > month.days || !read_seconds(text + 12, seconds)) return false;
  if (text[2] != '/' || text[11] != ':' || text[20] != ' ' || !is_digit(text[22])) return false;
  if (!read_offset(text + 21, text + 26, offset_us)) return false;
  us = (month.day_before + day) * kDayUs + seconds * kSecondUs - offset_us;
  return in_calendar(us);
}

#endif

/// A fraction of one to six digits, after its point or comma; moves `at` behind it.
inline bool read_fraction(const char*& at, const char* end, std::int64_t& us) noexcept {
  constexpr std::int32_t kScale[] = {0, 100'000, 10'000, 1'000, 100, 10, 1};
  std::int32_t value = 0;
  const char* const first = ++at;
  for (; at != end && is_digit(*at); ++at) {
    if (at - first == 6) return false;
    value = value * 10 + *at - '0';
  }
  us += std::int64_t{value} * kScale[at - first];
  return at != first;
}

/// What may follow the seconds: a fraction, an offset. `us` is the local time so far.
inline bool read_rest(const char* at, const char* end, std::int64_t& us, bool& local) noexcept {
  local = true;
  if (at == end) return true;
  if ((*at == '.' || *at == ',') && !read_fraction(at, end, us)) return false;
  if (at == end) return true;
  local = false;
  if (*at == 'Z') return at + 1 == end;
  std::int64_t offset_us = 0;
  if (!read_offset(at, end, offset_us)) return false;
  us -= offset_us;
  return in_calendar(us);
}

}  // namespace

bool read_plain_date(const char* text, std::uint32_t length, std::int32_t& days) noexcept {
  if (length != 10 || !find_month<read_plain_month>(text, last_plain_month)) return false;
  const std::int32_t day = two_digits(text + 8);
  days = last_plain_month.day_before + day;
  return day >= 1 && day <= last_plain_month.days;
}

bool read_plain_timestamp(const char* text, std::uint32_t length, std::int64_t& us, bool& local) noexcept {
  std::int32_t days = 0;
  if (length < 19 || !read_plain_date(text, 10, days) || !read_clock(text, us)) return false;
  us += days * kDayUs;
  return read_rest(text + 19, text + length, us, local);
}

ValueKind read_ordered_date(const char* text, DateOrder order, std::int32_t& days) noexcept {
  const char mark = text[2];
  const std::int32_t first = two_digits(text), second = two_digits(text + 3);
  const std::int32_t century = two_digits(text + 6), of_century = two_digits(text + 8);
  if (text[5] != mark || (mark != '/' && mark != '-' && mark != '.')) return ValueKind::kString;
  if (first < 0 || second < 0 || century < 0 || of_century < 0) return ValueKind::kString;
  const std::int32_t year = century * 100 + of_century;
  const bool day_first = is_civil_day(year, second, first);
  const bool month_first = is_civil_day(year, first, second);
  const bool swap = order == DateOrder::kDayFirst;
  if (swap ? day_first : month_first) days = days_from_civil(year, swap ? second : first, swap ? first : second);
  if (day_first && month_first) return first == second ? ValueKind::kDate : ValueKind::kDateEither;
  if (!day_first && !month_first) return ValueKind::kString;
  return day_first ? ValueKind::kDateDayFirst : ValueKind::kDateMonthFirst;
}

ValueKind read_ordered_timestamp(const char* text, std::uint32_t length, DateOrder order, std::int64_t& us,
                                 bool& local) noexcept {
  std::int32_t days = 0;
  if (length < 19 || order == DateOrder::kNone) return ValueKind::kString;
  const ValueKind date = read_ordered_date(text, order, days);
  if (date == ValueKind::kString || !read_clock(text, us)) return ValueKind::kString;
  us += days * kDayUs;
  if (days == kFirstDay || days == kLastDay || !read_rest(text + 19, text + length, us, local))
    return ValueKind::kString;
  if (date == ValueKind::kDate) return ValueKind::kTimestamp;
  if (date == ValueKind::kDateEither) return ValueKind::kTimestampEither;
  return date == ValueKind::kDateDayFirst ? ValueKind::kTimestampDayFirst : ValueKind::kTimestampMonthFirst;
}

bool read_plain_clf(const char* text, std::int64_t& us) noexcept {
  return find_month<read_clf_month>(text + 3, last_clf_month) && read_clf_rest(text, last_clf_month, us);
}

}  // namespace evclean
