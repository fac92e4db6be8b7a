// SPDX-License-Identifier: Apache-2.0
// The one ByteStream: raw bytes to UTF-8 in the caller's block, with counts, cuts and offsets.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "counting_window.hpp"
#include "evclean/source.hpp"
#include "raw_source.hpp"
#include "utf8.hpp"

namespace evclean {

class TextStream final : public ByteStream {
 public:
  /// `begin`: text offset the source's first byte stands for.
  TextStream(std::unique_ptr<RawSource> source, std::int64_t begin, const StreamOptions& options);

  /// Names the file, whose begin this stream reads: an archive, or a packed file within the packed one, is refused.
  void expect_text(std::string shown) { shown_ = std::move(shown); }

  std::int64_t read(TextBlock& block, std::int64_t want_bytes) override;
  const ReadDamage& damage() const override { return damage_; }
  std::int64_t stored_position() const override { return source_->stored_position(); }
  std::int64_t replaced() const override { return replaced_; }
  std::int64_t nul_bytes() const override { return nul_bytes_; }
  const OffsetMap& offsets() const override { return offsets_; }

 private:
  bool is_utf16() const { return encoding_ == Encoding::kUtf16Le || encoding_ == Encoding::kUtf16Be; }
  RawEvent read_head(TextBlock& block);
  RawEvent read_utf8(TextBlock& block, std::size_t room);
  RawEvent read_converted(TextBlock& block, std::size_t room);
  void settle_encoding();
  static void blank_tail(char* text, std::size_t size);
  void refuse_packed(std::string_view begin) const;
  void take_utf8(TextBlock& block, std::size_t begin, bool at_end);
  void repair(TextBlock& block, std::size_t begin, std::size_t good, bool at_end);
  void convert(TextBlock& block, bool at_end);
  void accept(const TextBlock& block, std::size_t begin, bool may_have_nul);

  void take_event(TextBlock& block, RawEvent event);
  void flush_carry(TextBlock& block);
  void note_damage(std::int64_t at_bytes);
  void note_raw(const char* bytes, std::size_t size);
  bool needs_line_end() const { return cut_open_ && last_byte_ != '\n'; }
  void resume_behind_cut(TextBlock& block);
  bool line_is_open() const;

  std::unique_ptr<RawSource> source_;
  StreamOptions options_;
  std::string shown_;                    ///< empty: not the file's begin, or anything goes
  Encoding encoding_ = Encoding::kAuto;  ///< settled by the first bytes; kAuto: not yet
  CountingWindow window_;
  OffsetMap offsets_;
  ReadDamage damage_;
  std::string carry_;  ///< raw bytes not used yet: of an unfinished character, or of the file's begin
  std::string raw_;    ///< pieces that must be converted
  std::string converted_;
  std::vector<Utf8Repair> repairs_;
  const std::int64_t opened_at_;
  std::int64_t text_offset_;  ///< of the next byte of text
  std::int64_t replaced_ = 0;
  std::int64_t nul_bytes_ = 0;
  char last_byte_ = '\n';  ///< of the text
  char last_raw_byte_ = '\n';
  bool cut_open_ = false;           ///< text that may be incomplete ends here, nothing came behind yet
  bool cut_listed_ = false;         ///< that cut is in damage_.cuts
  bool at_member_end_ = false;      ///< a member ended, nothing came behind yet
  bool members_cut_lines_ = false;  ///< a line went on from one member to the next
  bool ended_ = false;
};

}  // namespace evclean
