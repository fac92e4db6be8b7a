// SPDX-License-Identifier: Apache-2.0
// Presets of kind `json`: what the JSON decoder gives, with the vendor's names made columns (request.remote_ip becomes
// request_remote_ip) and fixed types applied; a value that does not fit makes the record a reject. With `records`, the
// rows are the elements of that array in the file's objects, one or one behind another (CloudTrail).
#pragma once

#include <memory>

#include "preset.hpp"

namespace evclean {

std::unique_ptr<Decoder> make_json_preset_decoder(const Preset& preset, const FormatSpec& spec);

}  // namespace evclean
