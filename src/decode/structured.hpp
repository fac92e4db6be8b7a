// SPDX-License-Identifier: Apache-2.0
// The decoders of structured text: CSV/TSV and JSON. What they take for a record, and what they do with a damaged one,
// is written in csv_decoder.hpp and json_decoder.hpp.
#pragma once

#include <memory>

#include "evclean/decoder.hpp"

namespace evclean {

/// Decodes CSV; the dialect is sniffed per file in begin_file, keys of `spec` win over what is sniffed. `tsv`: the
/// delimiter is a tab unless `spec.delimiter` says otherwise. Errors: user Error for a delimiter, quote or comment
/// that is not one byte; begin_file: a header that does not end within the head, or has more than max_columns names.
std::unique_ptr<Decoder> make_csv_decoder(const FormatSpec& spec, bool tsv);

/// Decodes JSON: one object a line, one array of objects, or objects one after another; found out in begin_file.
/// `array`: a key under which objects around the records have the array of them (see find_json_shape).
std::unique_ptr<Decoder> make_json_decoder(const FormatSpec& spec, const std::string& array = {});

}  // namespace evclean
