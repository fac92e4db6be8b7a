// SPDX-License-Identifier: Apache-2.0
// CSV, TSV and JSON lines into one file. Text is encoded as it comes; a frame is compressed as soon as it is full, what
// is left of a part waits for its neighbours (docs/output-frames.md).
#include <map>

#include "evclean/descriptor.hpp"
#include "file_sinks.hpp"
#include "frame_codec.hpp"
#include "row_encoder.hpp"
#include "shared_file.hpp"

namespace evclean {
namespace {

/// A frame ends with the first row that brings it to this size.
constexpr std::int64_t kFrameBytes = 1 << 20;
/// The header stands before part 0.
constexpr std::int64_t kHeaderPart = -1;

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

class TextSink : public Sink {
 public:
  TextSink(const OutputSpec& spec, FileTarget target, const Fields& fields, const Comm& comm,
           const SinkOptions& options)
      : target_(std::move(target)),
        comm_(comm),
        encoder_(make_encoder(spec, fields)),
        codec_(make_frame_codec(spec)),
        file_(comm, options, kFrameBytes) {}

  void write(std::int64_t part, const Batch& batch) override {
    OpenPart& open = open_[part];
    open.rows += batch.num_rows;
    for (std::int64_t row = 0; row < batch.num_rows;) {
      row = encoder_->encode(batch, row, kFrameBytes, open.text);
      if (open.text.size() >= kFrameBytes) flush(part, open.text);
    }
  }

  void end_part(std::int64_t part) override {
    OpenPart& open = open_[part];
    if (!codec_) flush(part, open.text);
    const std::string_view tail = open.text.view();
    file_.end_part(part, open.rows, tail, static_cast<std::int64_t>(tail.size()));
    recycle(part);
  }

  void drop_part(std::int64_t part) override {
    recycle(part);
    file_.drop_part(part);
  }

  std::vector<WrittenFile> close() override {
    comm_.agree([&] {
      EVCLEAN_CHECK(open_.empty(), "part {} is not ended", open_.begin()->first);
      if (comm_.is_root()) write_header();
    });
    const FileLayout layout = file_.settle(0, [&](std::int64_t, const std::vector<std::string>& tails) {
      std::string text;
      for (const std::string& tail : tails) text += tail;
      return std::string(codec_->compress(text));
    });
    comm_.agree([&] {
      file_.write(layout, target_.hidden_path, target_.final_path);
      if (layout.end_bytes == 0 && codec_ && comm_.is_root()) write_empty_frame();
    });
    return written(target_, layout.rows);
  }

  std::vector<std::string> notes() const override { return {}; }

 private:
  struct OpenPart {
    TextBuffer text;
    std::int64_t rows = 0;
  };

  void flush(std::int64_t part, TextBuffer& text) {
    if (text.size() > 0) file_.add_block(part, codec_ ? codec_->compress(text.view()) : text.view());
    text.clear();
  }

  /// Forgets an open part.
  void recycle(std::int64_t part) { open_.erase(part); }

  void write_header() {
    const std::string header = encoder_->header();
    if (!codec_) file_.add_block(kHeaderPart, header);
    file_.end_part(kHeaderPart, 0, codec_ ? header : "", static_cast<std::int64_t>(header.size()));
  }

  /// A file of no bytes is no gzip or zstd file.
  void write_empty_frame() {
    Descriptor file = open_for_writing(target_.hidden_path, target_.final_path);
    write_at(file.get(), 0, codec_->compress({}), target_.final_path);
    close_checked(std::move(file), target_.final_path);
  }

  FileTarget target_;
  const Comm& comm_;
  std::unique_ptr<RowEncoder> encoder_;
  std::unique_ptr<FrameCodec> codec_;
  SharedFile file_;
  std::map<std::int64_t, OpenPart> open_;
};

}  // namespace

std::unique_ptr<Sink> make_text_sink(const OutputSpec& spec, const FileTarget& target, const Fields& fields,
                                     const Comm& comm, const SinkOptions& options) {
  return std::make_unique<TextSink>(spec, target, fields, comm, options);
}

}  // namespace evclean
