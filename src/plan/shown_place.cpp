// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "evclean/line_ends.hpp"
#include "table_input.hpp"

namespace evclean {

bool has_lone_cr(const FormatSpec& spec, const std::string& format, const InputFile& file,
                 const StreamOptions& stream) {
  if (format != "csv" && format != "tsv") return false;
  const auto decoder = make_decoder(spec, format);
  decoder->begin_file(file, read_csv_head(file, stream, spec.max_line_bytes));
  return decoder->lone_cr();
}

std::string shown_place(const TableInput& input, const Place& place) {
  if (place.file < 0 || place.file >= static_cast<std::int32_t>(input.files.size())) return {};
  const InputFile& file = input.files[static_cast<std::size_t>(place.file)];
  const bool lone_cr = has_lone_cr(input.format_spec(), input.format, file, input.stream);
  auto stream = open_stream(file, 0, input.stream);
  std::int64_t line = 1;
  for (std::int64_t at = 0; at < place.byte_offset;) {
    TextBlock block(1 << 20);
    const std::int64_t got = stream->read(block, 1 << 20);
    if (got <= 0) break;
    const auto before = static_cast<std::size_t>(std::min(got, place.byte_offset - at));
    line += count_line_ends(block.data(), 0, before, lone_cr);
    at += got;
  }
  return fmt::format("{}:{}", file.shown, line);
}

}  // namespace evclean
