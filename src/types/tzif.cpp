// SPDX-License-Identifier: Apache-2.0
#include "tzif.hpp"

namespace evclean {
namespace {

/// Big-endian numbers, one after the other; past the end it gives zeros and is no longer ok.
class BigEndianReader {
 public:
  explicit BigEndianReader(std::string_view bytes) : bytes_(bytes) {}

  std::int64_t take(std::size_t width) {
    if (!has(width)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = (value << 8) | static_cast<unsigned char>(bytes_[at_ + i]);
    at_ += width;
    return width == 8 ? static_cast<std::int64_t>(value) : static_cast<std::int32_t>(value);
  }
  void skip(std::size_t width) {
    if (has(width)) at_ += width;
  }
  std::string_view rest() const { return bytes_.substr(at_); }
  bool ok() const { return ok_; }

 private:
  bool has(std::size_t width) {
    ok_ = ok_ && bytes_.size() - at_ >= width;
    return ok_;
  }
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

struct Counts {
  std::size_t ut_marks, standard_marks, leaps, times, kinds, name_bytes;
};

Counts take_header(BigEndianReader& reader, char& version) {
  const std::string_view rest = reader.rest();
  version = rest.size() > 4 && rest.substr(0, 4) == "TZif" ? rest[4] : '\x7f';
  reader.skip(20);
  const auto count = [&] { return static_cast<std::size_t>(static_cast<std::uint32_t>(reader.take(4))); };
  Counts counts{};
  counts.ut_marks = count();
  counts.standard_marks = count();
  counts.leaps = count();
  counts.times = count();
  counts.kinds = count();
  counts.name_bytes = count();
  return counts;
}

void take_body(BigEndianReader& reader, const Counts& counts, std::size_t time_width, ZoneHistory& history) {
  history.changes.assign(counts.times, {});
  std::vector<std::size_t> kind_of(counts.times);
  for (ZoneChange& change : history.changes) change.utc_s = reader.take(time_width);
  for (std::size_t& kind : kind_of) kind = static_cast<std::size_t>(reader.take(1));
  std::vector<std::int32_t> offsets(counts.kinds);
  for (std::int32_t& offset : offsets) {
    offset = static_cast<std::int32_t>(reader.take(4));
    reader.skip(2);
  }
  history.first_offset_s = offsets.empty() ? 0 : offsets.front();
  for (std::size_t i = 0; i < counts.times; ++i) {
    history.changes[i].offset_s = kind_of[i] < offsets.size() ? offsets[kind_of[i]] : 0;
  }
  reader.skip(counts.name_bytes + counts.leaps * (time_width + 4) + counts.standard_marks + counts.ut_marks);
}

bool plausible(const Counts& counts, std::size_t bytes) {
  return counts.times <= bytes && counts.kinds <= 256 && counts.kinds >= 1 && counts.leaps <= bytes;
}

}  // namespace

bool parse_tzif(std::string_view bytes, ZoneHistory& history) {
  BigEndianReader reader(bytes);
  char version = 0;
  Counts counts = take_header(reader, version);
  if (version == '\x7f' || !reader.ok() || !plausible(counts, bytes.size())) return false;
  take_body(reader, counts, 4, history);
  if (version == '\0') return reader.ok();
  counts = take_header(reader, version);
  if (version == '\x7f' || !reader.ok() || !plausible(counts, bytes.size())) return false;
  take_body(reader, counts, 8, history);
  std::string_view footer = reader.rest();
  if (!reader.ok() || footer.size() < 2 || footer.front() != '\n') return false;
  footer.remove_prefix(1);
  history.rule = std::string(footer.substr(0, footer.find('\n')));
  return true;
}

}  // namespace evclean
