// SPDX-License-Identifier: Apache-2.0
// Texts that repeat, as codes: each different text once, in order of appearance.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

namespace evclean {

/// Gives the texts of all chunks (utf8) as one dictionary array of int32 codes, or null when they repeat too little for
/// that to pay: judged by the first 4,096 values, and given up when the different texts exceed 1 MiB.
/// The result does not depend on where chunks end.
std::shared_ptr<arrow::Array> encode_texts(const std::vector<std::shared_ptr<arrow::Array>>& chunks);

}  // namespace evclean
