// SPDX-License-Identifier: Apache-2.0
#include "file_head.hpp"

#include <algorithm>

namespace evclean {

FileHead read_file_head(const TableInput& input, std::int32_t file) {
  const InputFile& of = input.files[static_cast<std::size_t>(file)];
  FileHead head;
  head.file = file;
  head.text = input.reads_csv() ? read_csv_head(of, input.stream, input.format_spec().max_line_bytes, &head.offsets)
                                : read_head(of, input.stream, kHeadBytes, &head.offsets);
  return head;
}

std::string read_csv_head(const InputFile& file, const StreamOptions& options, std::int64_t max_line_bytes,
                          OffsetMap* offsets) {
  for (std::int64_t bytes = kHeadBytes;; bytes = std::min(4 * bytes, max_line_bytes)) {
    std::string head = read_head(file, options, bytes, offsets);
    const bool whole = static_cast<std::int64_t>(head.size()) < bytes || bytes >= max_line_bytes;
    if (whole || head.find_first_of("\r\n") != std::string::npos) return head;
  }
}

void take_back_shift(DecodeResult& result, std::int64_t shift) {
  if (shift == 0) return;
  result.batch.origin.byte_offset -= shift;
  for (Reject& reject : result.rejects) reject.byte_offset -= shift;
}

}  // namespace evclean
