// SPDX-License-Identifier: Apache-2.0
#include "session_scan.hpp"

#include <algorithm>

#include "byte_io.hpp"

namespace evclean {

bool SessionScan::close_by(const Edge& before, std::string_view key, std::int64_t time_us) const {
  // Unsigned, so that times far apart do not overflow; the order makes the difference positive.
  const auto apart = static_cast<std::uint64_t>(time_us) - static_cast<std::uint64_t>(before.time_us);
  return before.key == key && apart < static_cast<std::uint64_t>(gap_us_);
}

SessionScan::Event SessionScan::next(std::string_view key, std::int64_t time_us, std::int64_t row,
                                     const std::int64_t*& ended) {
  ended = nullptr;
  if (pieces_ > 0 && close_by(last_, key, time_us)) {
    last_.least_row = std::min(last_.least_row, row);
    ++last_.events;
  } else {
    if (pieces_ > 0) {
      ended_ = last_.least_row;
      ended = &ended_;
    }
    last_.key.assign(key);
    last_.least_row = row;
    last_.events = 1;
    ++pieces_;
  }
  last_.time_us = time_us;
  if (pieces_ == 1) {
    const std::int64_t began = last_.events == 1 ? time_us : first_.time_us;
    first_ = last_;
    first_.time_us = began;
  }
  return {row, pieces_ - 1, last_.events};
}

std::string SessionScan::serialize() const {
  std::string bytes;
  put_raw(bytes, pieces_);
  for (const Edge* edge : {&first_, &last_}) {
    put_text(bytes, edge->key);
    put_raw(bytes, edge->time_us);
    put_raw(bytes, edge->least_row);
    put_raw(bytes, edge->events);
  }
  return bytes;
}

SessionScan SessionScan::parse(std::string_view bytes, std::int64_t gap_us) {
  ByteReader reader{bytes.data()};
  SessionScan scan(gap_us);
  scan.pieces_ = reader.raw<std::int64_t>();
  for (Edge* edge : {&scan.first_, &scan.last_}) {
    edge->key = reader.text();
    edge->time_us = reader.raw<std::int64_t>();
    edge->least_row = reader.raw<std::int64_t>();
    edge->events = reader.raw<std::int64_t>();
  }
  return scan;
}

SessionScan::Stitched SessionScan::stitch(const Comm& comm) const {
  std::vector<SessionScan> ranks;
  for (const std::string& bytes : comm.all_gather(serialize())) ranks.push_back(parse(bytes, gap_us_));
  const auto me = static_cast<std::size_t>(comm.rank());
  Stitched mine{0, first_.least_row, last_.least_row};
  if (pieces_ == 0) return mine;
  // Backwards: what of the first piece's session lies before.
  std::int64_t before = INT64_MAX;
  const Edge* border = &first_;
  for (std::size_t r = me; r-- > 0;) {
    const SessionScan& rank = ranks[r];
    if (rank.pieces_ == 0) continue;
    if (!close_by(rank.last_, border->key, border->time_us)) break;
    before = std::min(before, rank.last_.least_row);
    mine.seq_before += rank.last_.events;
    if (rank.pieces_ > 1) break;
    border = &rank.first_;
  }
  // Forwards: what of the last piece's session follows.
  std::int64_t after = INT64_MAX;
  border = &last_;
  for (std::size_t r = me + 1; r < ranks.size(); ++r) {
    const SessionScan& rank = ranks[r];
    if (rank.pieces_ == 0) continue;
    if (!close_by(*border, rank.first_.key, rank.first_.time_us)) break;
    after = std::min(after, rank.first_.least_row);
    if (rank.pieces_ > 1) break;
    border = &rank.last_;
  }
  mine.first_least_row = std::min(mine.first_least_row, before);
  mine.last_least_row = std::min(mine.last_least_row, after);
  if (pieces_ == 1) mine.first_least_row = mine.last_least_row = std::min(mine.first_least_row, mine.last_least_row);
  return mine;
}

}  // namespace evclean
