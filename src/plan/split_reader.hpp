// SPDX-License-Identifier: Apache-2.0
// Reads a split: opens its segments, feeds whole records to the decoder block by block, and says where the records it
// owns began and ended, so that neighbours can be checked against each other.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "table_input.hpp"

namespace evclean {

/// What was read of one segment. Offsets are of the file's decompressed bytes.
struct SegmentOutcome {
  std::int32_t file = -1;
  std::int64_t first = -1;    ///< begin of the first record owned; -1: none begins in the segment
  std::int64_t end = -1;      ///< end of the last record owned (where the next split's first record begins)
  std::int64_t newlines = 0;  ///< line ends in the records owned
  std::int64_t lines = 0;     ///< records: rows, rejects and blank
  std::int64_t blank = 0;
  std::int64_t rejected = 0;  ///< by the decoder
  std::int64_t extra_fields = 0;
  std::int64_t duplicate_keys = 0;
  std::int64_t lone_surrogates = 0;
  std::int64_t replaced = 0;
  std::int64_t nul_bytes = 0;
  std::int64_t unverified = 0;
  ReadDamage damage;
  bool skipped = false;  ///< the file is left out (corrupt: skip)
};

/// A batch as it comes from the decoder.
struct DecodedBlock {
  DecodeResult result;
  TextBlockPtr block;
  int segment = 0;
  const std::vector<InputColumn>* columns = nullptr;  ///< of the file so far, in order of appearance
};

/// How a split is to be read again.
struct ReadOrders {
  std::map<int, std::int64_t> starts;  ///< a segment's first record begins here (the split before ended there)
  std::set<std::int32_t> excluded;     ///< files left out
};

class SplitReader {
 public:
  explicit SplitReader(const TableInput& input);
  ~SplitReader();

  /// Gives every block to `consumer`, which may drop records from it (they then count as not read) and returns false to
  /// stop reading. Local. Errors: user Error for a damaged file
  /// under corrupt: fail; under skip reading stops and the outcome tells. `pause` is called between blocks.
  std::vector<SegmentOutcome> read(const Split& split, const ReadOrders& orders,
                                   const std::function<bool(DecodedBlock&)>& consumer,
                                   const std::function<void()>& pause);

  /// Seconds spent in reading and decompressing, and in decoding, so far.
  double read_seconds() const { return read_seconds_; }
  double decode_seconds() const { return decode_seconds_; }

 private:
  class Segment;
  Decoder& decoder();
  TextBlockPtr fresh_block(std::size_t capacity);

  const TableInput& input_;
  std::unique_ptr<Decoder> decoder_;
  TextBlockPtr spare_;
  double read_seconds_ = 0;
  double decode_seconds_ = 0;
};

}  // namespace evclean
