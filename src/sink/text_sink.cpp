// SPDX-License-Identifier: Apache-2.0
// CSV, TSV and JSON lines. Text is encoded as it comes; a frame is compressed as soon as it is full, what is left of a
// part waits for its neighbours (docs/output-frames.md).
#include <map>

#include "evclean/descriptor.hpp"
#include "file_set.hpp"
#include "frame_codec.hpp"
#include "row_encoder.hpp"

namespace evclean {
namespace {

/// A frame ends with the first row that brings it to this size.
constexpr std::int64_t kFrameBytes = 1 << 20;
/// The header stands before part 0.
constexpr std::int64_t kHeaderPart = -1;
/// With more open parts than this (partitions), each holds no more memory than its text.
constexpr std::size_t kRoomyParts = 32;

std::unique_ptr<RowEncoder> make_encoder(const OutputSpec& spec, const Fields& fields) {
  switch (spec.format) {
    case OutputFormat::kTsv:
      return make_csv_encoder(fields, '\t', spec.missing_text);
    case OutputFormat::kJsonLines:
      return make_json_encoder(fields);
    default:
      return make_csv_encoder(fields, ',', spec.missing_text);
  }
}

class TextSink : public FileSink {
 public:
  TextSink(const FileTarget& target, const Fields& fields, const Comm& comm, const SinkOptions& options)
      : comm_(comm),
        encoder_(make_encoder(target.spec, fields)),
        codec_(make_frame_codec(target.spec)),
        files_(target, comm, options, kFrameBytes) {}

  void need(int group) override { files_.need(group); }

  void write(int group, std::int64_t part, const Batch& batch) override {
    OpenPart& open = open_[{part, group}];
    for (std::int64_t row = 0; row < batch.num_rows;) {
      const std::int64_t next = encoder_->encode(batch, row, kFrameBytes, open.text);
      open.rows += next - row;
      row = next;
      if (open.text.size() >= kFrameBytes) flush(group, part, open);
    }
    if (open_.size() > kRoomyParts) open.text.shrink();
  }

  void end_part(int group, std::int64_t part) override {
    OpenPart& open = open_[{part, group}];
    if (!codec_) flush(group, part, open);
    const std::string_view tail = open.text.view();
    files_.end_part(group, part, tail, static_cast<std::int64_t>(tail.size()), open.rows);
    open_.erase({part, group});
  }

  void drop_part(std::int64_t part) override {
    open_.erase(open_.lower_bound({part, 0}), open_.lower_bound({part + 1, 0}));
    files_.drop_part(part);
  }

  std::vector<WrittenFile> close() override {
    comm_.agree([&] { EVCLEAN_CHECK(open_.empty(), "part {} is not ended", open_.begin()->first.first); });
    const std::vector<int> groups = files_.agree_on_groups();
    const std::string header = encoder_->header();
    if (comm_.is_root()) {
      for (const int group : groups) write_header(group, header);
    }
    const std::string next_head(codec_ && !header.empty() ? codec_->compress(header) : header);
    const SetLayout layout = files_.settle({0, static_cast<std::int64_t>(next_head.size())},
                                           [&](int, std::int64_t, const std::vector<std::string>& tails) {
                                             std::string text;
                                             for (const std::string& tail : tails) text += tail;
                                             return std::string(codec_->compress(text));
                                           });
    comm_.agree([&] {
      files_.write(layout);
      write_ends(layout, next_head);
    });
    std::vector<WrittenFile> written;
    for (const SetFile& file : layout.files) written.push_back({file.final_path, file.rows, 0, {}});
    return written;
  }

  std::vector<std::string> notes() const override { return {}; }

 private:
  struct OpenPart {
    TextBuffer text;
    std::int64_t rows = 0;  ///< in `text`
  };

  void flush(int group, std::int64_t part, OpenPart& open) {
    if (open.text.size() > 0) {
      files_.add_block(group, part, codec_ ? codec_->compress(open.text.view()) : open.text.view(), open.rows);
    }
    open.text.clear();
    open.rows = 0;
  }

  /// The header of a group's first file goes into its first frame, as if it were rows of a part.
  void write_header(int group, const std::string& header) {
    if (!codec_ && !header.empty()) files_.add_block(group, kHeaderPart, header, 0);
    files_.end_part(group, kHeaderPart, codec_ ? header : "", static_cast<std::int64_t>(header.size()), 0);
  }

  void write_ends(const SetLayout& layout, const std::string& next_head) {
    for (std::size_t f = 0; f < layout.files.size(); ++f) {
      if (SetLayout::ends_owner(f, comm_) != comm_.rank()) continue;
      const SetFile& to = layout.files[f];
      // A file of no bytes is no gzip or zstd file.
      const bool empty = codec_ && to.end_bytes == 0;
      if (!empty && to.first) continue;
      Descriptor file = open_for_writing(to.hidden_path, to.final_path);
      write_at(file.get(), 0, empty ? codec_->compress({}) : next_head, to.final_path);
      close_checked(std::move(file), to.final_path);
    }
  }

  const Comm& comm_;
  std::unique_ptr<RowEncoder> encoder_;
  std::unique_ptr<FrameCodec> codec_;
  FileSet files_;
  std::map<std::pair<std::int64_t, int>, OpenPart> open_;  ///< part, group
};

}  // namespace

std::unique_ptr<FileSink> make_text_sink(const FileTarget& target, const Fields& fields, const Comm& comm,
                                         const SinkOptions& options) {
  return std::make_unique<TextSink>(target, fields, comm, options);
}

}  // namespace evclean
