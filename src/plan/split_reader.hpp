// SPDX-License-Identifier: Apache-2.0
// Reads a split: opens its segments, feeds whole records to the decoder block by block, and says where the records it
// owns began and ended, so that neighbours can be checked against each other.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "file_head.hpp"
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
  std::int64_t preamble_lines = 0;
  std::int64_t replaced = 0;
  std::int64_t nul_bytes = 0;
  std::int64_t unverified = 0;
  ReadDamage damage;
  bool skipped = false;  ///< the file is left out (corrupt: skip)
  /// What lines before the first and behind the last record owned say about records (see CarriesState).
  std::string state_before, state_behind;
  /// Offset of the end of the file's text if it was reached, kEndUnseen if not a byte of text was met before it.
  std::int64_t text_end = kEndNotReached;
  static constexpr std::int64_t kEndNotReached = -1, kEndUnseen = -2;
  /// Whether the text, as far as it was read, ends as a whole file of its format does (Decoder::closing_byte).
  enum class Ending : std::uint8_t { kUnseen, kFine, kOpen };
  Ending ending = Ending::kUnseen;
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
  std::map<int, std::string> states;   ///< what was in force where a segment begins
  std::set<std::int32_t> excluded;     ///< files left out
  bool whole = false;                  ///< this split and the later ones of its file, in one go (see read_whole())
  int feeder = -1;                     ///< the rank that decompresses the file (TextAccess::kStream)
  std::int64_t next = -1;              ///< the split that this rank will probably get next
};

class TextFeeds;

class SplitReader {
 public:
  /// `feeds` may be null: then nothing is read from other ranks.
  explicit SplitReader(const TableInput& input, TextFeeds* feeds = nullptr);
  ~SplitReader();

  /// Gives every block to `consumer`, which may drop records from it (they then count as not read) and returns false to
  /// stop reading. Local. Errors: user Error for a damaged file
  /// under corrupt: fail; under skip reading stops and the outcome tells. `pause` is called between blocks.
  std::vector<SegmentOutcome> read(const Split& split, const ReadOrders& orders,
                                   const std::function<bool(DecodedBlock&)>& consumer,
                                   const std::function<void()>& pause);

  /// Reads a compressed file that is cut into several splits (its parts, in order) from its begin to its end, so that
  /// nothing about it is guessed and damage is treated by the job's policy. `end_part` is called as each part ends.
  void read_whole(const std::vector<const Split*>& parts, const std::function<bool(DecodedBlock&)>& consumer,
                  const std::function<void(SegmentOutcome)>& end_part, const std::function<void()>& pause);

  /// Whether lines say how later ones are read.
  bool carries_state();

  /// Seconds spent in reading and decompressing, and in decoding, so far.
  double read_seconds() const { return read_seconds_; }
  double decode_seconds() const { return decode_seconds_; }

 private:
  class Segment;
  void begin(std::int32_t first, std::int32_t last);
  Decoder& decoder();
  const FileHead& head_of(std::int32_t file);
  TextBlockPtr fresh_block(std::size_t capacity);

  const TableInput& input_;
  TextFeeds* feeds_;
  std::int32_t last_split_ = -1;
  std::unique_ptr<Decoder> decoder_;
  TextBlockPtr spare_;
  FileHead head_;
  double read_seconds_ = 0;
  double decode_seconds_ = 0;
};

}  // namespace evclean
