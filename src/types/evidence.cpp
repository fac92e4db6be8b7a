// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>

#include "evclean/error.hpp"
#include "evclean/types.hpp"

namespace evclean {
namespace {

static_assert(std::endian::native == std::endian::little, "evidence travels in little-endian bytes");

void put_number(std::string& out, std::int64_t value) {
  char bytes[8];
  std::memcpy(bytes, &value, 8);
  out.append(bytes, 8);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<std::int64_t>(text.size()));
  out.append(text);
}

/// Takes apart what put_ wrote.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  std::int64_t number() {
    std::int64_t value = 0;
    std::memcpy(&value, take(8).data(), 8);
    return value;
  }
  std::string text() { return std::string(take(static_cast<std::size_t>(number()))); }
  bool done() const { return bytes_.empty(); }

 private:
  std::string_view take(std::size_t size) {
    EVCLEAN_CHECK(size <= bytes_.size(), "evidence of a column is cut off: {} bytes wanted, {} left", size,
                  bytes_.size());
    const std::string_view piece = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return piece;
  }
  std::string_view bytes_;
};

/// One place may hold several values (elements of one record): then the smaller text stands for them, so that the
/// order of merging does not matter.
void merge_seen(Evidence::Seen& into, const Evidence::Seen& other) {
  into.count += other.count;
  if (other.first > into.first) return;
  if (other.first < into.first || other.sample < into.sample) into.sample = other.sample;
  into.first = other.first;
}

}  // namespace

void Evidence::merge(const Evidence& other) {
  for (std::size_t kind = 0; kind < kValueKinds; ++kind) {
    if (other.kinds[kind].count > 0) merge_seen(kinds[kind], other.kinds[kind]);
  }
  missing += other.missing;
  zero_padded += other.zero_padded;
  for (const auto& [word, count] : other.null_words) null_words[word] += count;
}

std::string Evidence::serialize() const {
  std::string out;
  std::int64_t present = 0;
  for (std::size_t kind = 0; kind < kValueKinds; ++kind) present |= std::int64_t{kinds[kind].count > 0} << kind;
  put_number(out, present);
  for (const Seen& seen : kinds) {
    if (seen.count == 0) continue;
    put_number(out, seen.count);
    put_number(out, seen.first.file);
    put_number(out, seen.first.byte_offset);
    put_text(out, seen.sample);
  }
  put_number(out, missing);
  put_number(out, zero_padded);
  put_number(out, static_cast<std::int64_t>(null_words.size()));
  for (const auto& [word, count] : null_words) {
    put_text(out, word);
    put_number(out, count);
  }
  return out;
}

Evidence Evidence::parse(std::string_view bytes) {
  Reader reader(bytes);
  Evidence evidence;
  const std::int64_t present = reader.number();
  for (std::size_t kind = 0; kind < kValueKinds; ++kind) {
    if ((present >> kind & 1) == 0) continue;
    Seen& seen = evidence.kinds[kind];
    seen.count = reader.number();
    seen.first.file = static_cast<std::int32_t>(reader.number());
    seen.first.byte_offset = reader.number();
    seen.sample = reader.text();
  }
  evidence.missing = reader.number();
  evidence.zero_padded = reader.number();
  for (std::int64_t left = reader.number(); left > 0; --left) {
    std::string word = reader.text();
    evidence.null_words[std::move(word)] = reader.number();
  }
  EVCLEAN_CHECK(reader.done(), "evidence of a column has bytes left over");
  return evidence;
}

}  // namespace evclean
