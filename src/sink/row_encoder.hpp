// SPDX-License-Identifier: Apache-2.0
// Rows of a batch to text: CSV, TSV and JSON lines.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "evclean/batch.hpp"
#include "evclean/job.hpp"
#include "text_buffer.hpp"

namespace evclean {

class RowEncoder {
 public:
  virtual ~RowEncoder() = default;
  /// The text before the first row.
  virtual std::string header() const = 0;
  /// Appends rows from `row` on, until the batch ends or the buffer holds `full_bytes` or more; gives the next row.
  virtual std::int64_t encode(const Batch& batch, std::int64_t row, std::size_t full_bytes, TextBuffer& out) = 0;
};

/// CSV by the contract's rules. Errors: user Error for a missing_text that would need quotes itself.
std::unique_ptr<RowEncoder> make_csv_encoder(const Fields& fields, char delimiter, const std::string& missing_text);
std::unique_ptr<RowEncoder> make_json_encoder(const Fields& fields);

}  // namespace evclean
