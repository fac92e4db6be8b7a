// SPDX-License-Identifier: Apache-2.0
// Finds sessions in events sorted by key, time and row. Events of all ranks form one sequence, cut at rank borders: a
// piece is what one rank holds of a session, and after all ranks have told their ends, pieces become sessions. Local
// but for stitch().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/comm.hpp"

namespace evclean {

class SessionScan {
 public:
  /// What is known of an event once it is scanned.
  struct Event {
    std::int64_t row = 0;
    std::int64_t piece = 0;  ///< of this rank, from 0 on
    std::int64_t seq = 0;    ///< in the piece, from 1 on
  };

  explicit SessionScan(std::int64_t gap_us) : gap_us_(gap_us) {}

  /// Takes the next event; says through `ended` (when not null) the smallest row of the piece that has ended by it.
  Event next(std::string_view key, std::int64_t time_us, std::int64_t row, const std::int64_t*& ended);
  std::int64_t pieces() const { return pieces_; }
  /// Smallest row of the last piece. Needs an event.
  std::int64_t last_piece() const { return last_.least_row; }

  /// How the first and the last piece of this rank join others'.
  struct Stitched {
    std::int64_t seq_before = 0;       ///< events of the first piece's session on ranks before
    std::int64_t first_least_row = 0;  ///< smallest row of the first piece's whole session
    std::int64_t last_least_row = 0;   ///< and of the last one's
  };
  /// Collective, after the last event.
  Stitched stitch(const Comm& comm) const;

 private:
  struct Edge {
    std::string key;
    std::int64_t time_us = 0;    ///< of the first event (first_) or the last one (last_)
    std::int64_t least_row = 0;  ///< of the piece
    std::int64_t events = 0;     ///< of the piece
  };
  bool close_by(const Edge& before, std::string_view key, std::int64_t time_us) const;
  std::string serialize() const;
  static SessionScan parse(std::string_view bytes, std::int64_t gap_us);

  std::int64_t gap_us_;
  std::int64_t pieces_ = 0;
  Edge first_, last_;
  std::int64_t ended_ = 0;
};

}  // namespace evclean
