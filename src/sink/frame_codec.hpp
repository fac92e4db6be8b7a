// SPDX-License-Identifier: Apache-2.0
// Compresses one frame: bytes that decompress on their own, whatever stands before or behind them in the file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "evclean/job.hpp"

namespace evclean {

class FrameCodec {
 public:
  virtual ~FrameCodec() = default;
  /// The frame stays valid until the next call.
  virtual std::string_view compress(std::string_view text) = 0;
};

/// zstd frames with content size and checksum. Errors: user Error for a level out of range.
std::unique_ptr<FrameCodec> make_zstd_codec(std::optional<int> level);
/// The same for the pages of Parquet, without checksum; no level: what a page gains most from in little time.
std::unique_ptr<FrameCodec> make_page_codec(std::optional<int> level);
/// gzip members. Errors: user Error for a level out of range.
std::unique_ptr<FrameCodec> make_gzip_codec(std::optional<int> level);
/// By the output's codec; null for none.
std::unique_ptr<FrameCodec> make_frame_codec(const OutputSpec& spec);

}  // namespace evclean
