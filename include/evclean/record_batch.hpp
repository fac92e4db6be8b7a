// SPDX-License-Identifier: Apache-2.0
// Between our batches, Arrow record batches and Arrow IPC messages.
#pragma once

#include <arrow/api.h>

#include <memory>
#include <string>

#include "evclean/arrow_status.hpp"
#include "evclean/batch.hpp"

namespace evclean {

/// Gives the Arrow schema of fields; every column may hold nulls.
std::shared_ptr<arrow::Schema> arrow_schema(const Fields& fields);

/// All columns typed; raw ones become strings. Types and lengths must be the schema's.
arrow::ArrayVector typed_columns(const Batch& batch, const arrow::Schema& schema);

/// The same as an Arrow record batch. Names come from the schema.
std::shared_ptr<arrow::RecordBatch> to_record_batch(const Batch& batch, const std::shared_ptr<arrow::Schema>& schema);
Batch from_record_batch(const arrow::RecordBatch& rows);

/// One IPC message (metadata and body) and back. The parsed batch points into the buffer, unless it was compressed
/// (LZ4).
std::string serialize_record_batch(const arrow::RecordBatch& rows, bool compressed = false);
std::shared_ptr<arrow::RecordBatch> parse_record_batch(std::shared_ptr<arrow::Buffer> bytes,
                                                       const std::shared_ptr<arrow::Schema>& schema);

/// Gives rows [first, first + count) of a batch; raw columns become typed.
Batch slice_batch(const Batch& batch, std::int64_t first, std::int64_t count);

}  // namespace evclean
