// SPDX-License-Identifier: Apache-2.0
// The text of one segment of a file: how it is opened, and what the stream tells of it (bytes that are missing, members
// whose checksum is wrong, places that moved when text was repaired), brought to the rows that were decoded from it.
#pragma once

#include <deque>
#include <memory>

#include "table_input.hpp"

namespace evclean {

class TextFeeds;

class SegmentText {
 public:
  /// Of the split with this number. `feeder`: see ReadOrders; `feeds` may be null where there is none.
  SegmentText(const TableInput& input, TextFeeds* feeds, const SplitSegment& segment, std::int64_t split, int feeder);

  /// Opens it at text offset `at`. `forced`: it is known that a record begins there. `whole`: reading goes on over the
  /// file's later parts.
  void open(std::int64_t at, bool forced, bool whole);
  std::int64_t read(TextBlock& block, std::int64_t want_bytes) { return stream_->read(block, want_bytes); }

  const InputFile& file() const;
  const OffsetMap& offsets() const { return stream_->offsets(); }
  std::int64_t replaced() const { return stream_->replaced(); }
  std::int64_t nul_bytes() const { return stream_->nul_bytes(); }

  /// Whether damage ends the reading. Errors: user Error under corrupt: fail.
  bool damage_ends_it() const;
  /// What is damaged in a segment of the file.
  ReadDamage damage_of(const SplitSegment& segment) const;
  /// Cuts behind which text has come.
  std::size_t cuts_resumed() const;
  const TextCut& last_resumed() const { return stream_->damage().cuts[cuts_resumed() - 1]; }
  /// Whether bytes are missing behind the text that ends at this offset.
  bool is_cut_at(std::int64_t end) const;

  /// Rows whose record lost bytes become rejects.
  void reject_cut_rows(DecodeResult& result) const;
  /// Of the rows given so far, those of members that have failed their checksum since the last call.
  std::int64_t unverified_rows(const Batch& batch);
  /// The same at the end, when no more is checked.
  std::int64_t unverified_rest();
  /// Places in the file's own bytes: repaired text is longer than what it was made from.
  void to_source_offsets(DecodeResult& result) const;

 private:
  const TextLayout& layout() const;
  std::unique_ptr<ByteStream> open_part(std::int64_t at, bool forced, const StreamOptions& options) const;
  std::int64_t count_unverified(std::int64_t before);

  const TableInput& input_;
  TextFeeds* feeds_;
  const SplitSegment segment_;
  const std::int64_t split_;
  const int feeder_;
  std::unique_ptr<ByteStream> stream_;
  /// The text comes from a range of members, or from another rank: anything unexpected is reported then, and the file
  /// is read as a whole.
  bool is_part_ = false;
  bool watches_members_ = false;
  std::deque<std::int64_t> pending_;  ///< text offsets of rows of the member being read
};

}  // namespace evclean
