// SPDX-License-Identifier: Apache-2.0
#include "quantile_sketch.hpp"

#include <algorithm>
#include <cmath>

#include "key_bits.hpp"

namespace evclean {
namespace {

constexpr int kDroppedBits = 52 - 7;  // of the fraction: 128 buckets a binade

std::int32_t bucket_of(double value) { return static_cast<std::int32_t>(ordered_bits(value) >> kDroppedBits); }

bool less(double a, double b) { return ordered_bits(a) < ordered_bits(b); }

}  // namespace

void QuantileSketch::make_room() {
  if (values_.size() >= kExactValues) fold();
  // Doubling from a small start: most groups are small.
  values_.reserve(std::max<std::size_t>(4, std::min(kExactValues, 2 * values_.capacity())));
}

void QuantileSketch::fold() {
  std::sort(values_.begin(), values_.end(), less);
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
      both.push_back(
          {a->number, a->count + b->count, std::min(a->least, b->least, less), std::max(a->most, b->most, less)});
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
  QuantileSketch all = *this;
  std::int64_t count = static_cast<std::int64_t>(values_.size());
  for (const Bucket& bucket : buckets_) count += bucket.count;
  const double place = share * static_cast<double>(count - 1);
  const auto below = static_cast<std::int64_t>(std::floor(place));
  const std::int64_t above = std::min(below + 1, count - 1);
  double low = 0, high = 0;
  if (buckets_.empty() && values_.size() <= kExactValues) {
    std::nth_element(all.values_.begin(), all.values_.begin() + below, all.values_.end(), less);
    low = all.values_[static_cast<std::size_t>(below)];
    high = above == below ? low : *std::min_element(all.values_.begin() + above, all.values_.end(), less);
  } else {
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
