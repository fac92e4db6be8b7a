// SPDX-License-Identifier: Apache-2.0
// Zones by name come from the system's zone files (Debian: package tzdata; TZDIR names another folder). A local time
// that clocks show twice is the first of the two; one that clocks skip is moved forward by the gap: both follow from
// keeping the offset before a change until both readings of the clock have passed it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "calendar.hpp"
#include "digits.hpp"
#include "evclean/error.hpp"
#include "evclean/types.hpp"
#include "time_text.hpp"
#include "tzif.hpp"

namespace evclean {
namespace {

constexpr std::int32_t kRuleYears = 400;  ///< the calendar repeats after them, so rules need no more
constexpr std::int64_t kCycleUs = std::int64_t{146'097} * kDayUs;

/// A zone seen from local time: from `local_us[i]` on, `offset_us[i + 1]` holds.
struct Zone {
  std::vector<std::int64_t> local_us;
  std::vector<std::int64_t> offset_us;
  bool repeats = false;  ///< the last 400 years stand for all after them
};

bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.find("..") != std::string_view::npos)
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

std::optional<std::string> read_zone_file(std::string_view name) {
  const char* const folder = std::getenv("TZDIR");
  const std::string path = std::string(folder != nullptr ? folder : "/usr/share/zoneinfo") + "/" + std::string(name);
  if (!std::filesystem::is_regular_file(path)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return std::nullopt;
  return bytes;
}

Zone seen_from_local_time(const ZoneHistory& history) {
  Zone zone;
  std::int64_t offset_s = history.first_offset_s;
  zone.offset_us.push_back(offset_s * kSecondUs);
  for (const ZoneChange& change : history.changes) {
    const std::int64_t both_passed = change.utc_s + std::max<std::int64_t>(offset_s, change.offset_s);
    offset_s = change.offset_s;
    if (both_passed < -100'000'000'000) {  // "since ever" entries of old files
      zone.offset_us.back() = offset_s * kSecondUs;
      continue;
    }
    zone.local_us.push_back(both_passed * kSecondUs);
    zone.offset_us.push_back(offset_s * kSecondUs);
  }
  return zone;
}

std::optional<Zone> load_zone(std::string_view name) {
  const std::optional<std::string> bytes = read_zone_file(name);
  ZoneHistory history;
  if (!bytes || !parse_tzif(*bytes, history)) return std::nullopt;
  const std::int64_t last_s = history.changes.empty() ? 0 : history.changes.back().utc_s;
  const std::int32_t year = civil_from_days(static_cast<std::int32_t>(floor_div(last_s, 86'400))).year;
  const std::size_t written = history.changes.size();
  if (!history.rule.empty() &&
      !append_rule_changes(history.rule, year, year + kRuleYears + 1, last_s, history.changes)) {
    return std::nullopt;
  }
  Zone zone = seen_from_local_time(history);
  zone.repeats = history.changes.size() > written;
  return zone;
}

/// Zones read so far; they stay until the end, as TimeZone only points to them.
const Zone* find_zone(const std::string& name) {
  static std::mutex mutex;
  static auto& zones = *new std::map<std::string, std::unique_ptr<Zone>>;
  const std::lock_guard lock(mutex);
  if (const auto found = zones.find(name); found != zones.end()) return found->second.get();
  std::optional<Zone> zone = load_zone(name);
  if (!zone) return nullptr;
  return (zones[name] = std::make_unique<Zone>(std::move(*zone))).get();
}

}  // namespace

TimeZone TimeZone::named(std::string_view name) {
  TimeZone zone;
  if (read_offset(name.data(), name.data() + name.size(), zone.fixed_us_)) return zone;
  zone.zone_ = is_zone_name(name) ? find_zone(std::string(name)) : nullptr;
  if (zone.zone_ == nullptr) {
    fail_user(
        "unknown time zone '{}': write UTC, an offset such as +02:00, or a name such as Europe/Berlin "
        "(names come from the system's zone files; on Debian they are in the package tzdata)",
        name);
  }
  return zone;
}

std::int64_t TimeZone::offset_us(std::int64_t local_us) const {
  if (zone_ == nullptr) return fixed_us_;
  const Zone& zone = *static_cast<const Zone*>(zone_);
  if (zone.repeats && local_us >= zone.local_us.back()) {
    local_us -= ((local_us - zone.local_us.back()) / kCycleUs + 1) * kCycleUs;
  }
  const auto after = std::upper_bound(zone.local_us.begin(), zone.local_us.end(), local_us);
  return zone.offset_us[static_cast<std::size_t>(after - zone.local_us.begin())];
}

}  // namespace evclean
