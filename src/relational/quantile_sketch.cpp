// SPDX-License-Identifier: Apache-2.0
#include "quantile_sketch.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <tuple>
#include <utility>

#include "key_bits.hpp"

namespace evclean {
namespace {

constexpr int kDroppedBits = 52 - 7;  // of the fraction: 128 buckets a binade

std::int32_t bucket_of(double value) { return static_cast<std::int32_t>(ordered_bits(value) >> kDroppedBits); }

constexpr auto less_value = [](double a, double b) { return ordered_bits(a) < ordered_bits(b); };

/// The values of the ranks `below` and `above` (the same or the next), of at most kExactValues: counted in 256 bins, so
/// that only the few in theirs are put in order.
std::pair<double, double> neighbours(const std::vector<double>& values, std::int64_t below, std::int64_t above) {
  std::array<std::uint64_t, QuantileSketch::kExactValues> bits;  // of each value, then its bin
  std::uint64_t least = UINT64_MAX, most = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    bits[i] = ordered_bits(values[i]);
    least = std::min(least, bits[i]);
    most = std::max(most, bits[i]);
  }
  const int shift = std::max(0, static_cast<int>(std::bit_width(most - least)) - 8);
  std::array<std::uint32_t, 256> counts{};
  for (std::size_t i = 0; i < values.size(); ++i) ++counts[bits[i] = (bits[i] - least) >> shift];
  std::uint64_t first = 0, before = 0;
  while (before + counts[first] <= static_cast<std::uint64_t>(below)) before += counts[first++];
  std::uint64_t last = first, end = before + counts[first];
  while (end <= static_cast<std::uint64_t>(above)) end += counts[++last];
  std::vector<double> chosen(end - before + 1);  // a place more, for what is not chosen
  std::size_t found = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    chosen[found] = values[i];
    found += bits[i] - first <= last - first ? 1 : 0;
  }
  double* const at = chosen.data() + (static_cast<std::uint64_t>(below) - before);
  std::nth_element(chosen.data(), at, chosen.data() + found, less_value);
  return {*at, above == below ? *at : *std::min_element(at + 1, chosen.data() + found, less_value)};
}

}  // namespace

void QuantileSketch::make_room() {
  if (values_.size() >= kExactValues) fold();
  // Doubling from a small start: most groups are small.
  values_.reserve(std::max<std::size_t>(4, std::min(kExactValues, 2 * values_.capacity())));
}

void QuantileSketch::fold() {
  std::sort(values_.begin(), values_.end(), less_value);
  std::vector<Bucket> fresh;
  for (const double value : values_) {
    const std::int32_t number = bucket_of(value);
    if (fresh.empty() || fresh.back().number != number) fresh.push_back({number, 0, value, value});
    ++fresh.back().count;
    fresh.back().most = value;
  }
  values_.clear();
  merge(fresh);
}

void QuantileSketch::merge(const std::vector<Bucket>& other) {
  std::vector<Bucket> both;
  both.reserve(buckets_.size() + other.size());
  auto a = buckets_.begin();
  auto b = other.begin();
  while (a != buckets_.end() || b != other.end()) {
    if (b == other.end() || (a != buckets_.end() && a->number < b->number)) {
      both.push_back(*a++);
    } else if (a == buckets_.end() || b->number < a->number) {
      both.push_back(*b++);
    } else {
      both.push_back({a->number, a->count + b->count, std::min(a->least, b->least, less_value),
                      std::max(a->most, b->most, less_value)});
      ++a, ++b;
    }
  }
  buckets_ = std::move(both);
}

double QuantileSketch::at(std::int64_t rank) const {
  for (const Bucket& bucket : buckets_) {
    if (rank >= bucket.count) {
      rank -= bucket.count;
      continue;
    }
    if (rank == 0) return bucket.least;
    const double share = static_cast<double>(rank) / static_cast<double>(bucket.count - 1);
    return bucket.least == bucket.most ? bucket.least : bucket.least + (bucket.most - bucket.least) * share;
  }
  return buckets_.back().most;
}

double QuantileSketch::quantile(double share) const {
  std::int64_t count = static_cast<std::int64_t>(values_.size());
  for (const Bucket& bucket : buckets_) count += bucket.count;
  const double place = share * static_cast<double>(count - 1);
  const auto below = static_cast<std::int64_t>(std::floor(place));
  const std::int64_t above = std::min(below + 1, count - 1);
  double low = 0, high = 0;
  if (buckets_.empty() && values_.size() <= kExactValues) {
    std::tie(low, high) = neighbours(values_, below, above);
  } else {
    QuantileSketch all = *this;
    all.fold();
    low = all.at(below);
    high = all.at(above);
  }
  const double part = place - static_cast<double>(below);
  return part == 0 || low == high ? low : low + (high - low) * part;
}

void QuantileSketch::write(std::string& out) const {
  put_count(out, values_.size());
  out.append(reinterpret_cast<const char*>(values_.data()), values_.size() * sizeof(double));
  put_count(out, buckets_.size());
  for (const Bucket& bucket : buckets_) {
    put_raw(out, bucket.number);
    put_count(out, static_cast<std::uint64_t>(bucket.count));
    put_raw(out, bucket.least);
    put_raw(out, bucket.most);
  }
}

void QuantileSketch::merge(ByteReader& in) {
  for (std::uint64_t left = in.count(); left > 0; --left) add(in.raw<double>());
  std::vector<Bucket> other(in.count());
  for (Bucket& bucket : other) {
    bucket.number = in.raw<std::int32_t>();
    bucket.count = static_cast<std::int64_t>(in.count());
    bucket.least = in.raw<double>();
    bucket.most = in.raw<double>();
  }
  if (!other.empty()) merge(other);
}

}  // namespace evclean
