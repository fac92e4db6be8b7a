// SPDX-License-Identifier: Apache-2.0
// A reject as bytes, for stages and messages.
#pragma once

#include "evclean/reject.hpp"
#include "wire.hpp"

namespace evclean {

/// Appends a reject; its text is cut at `max_text_bytes`.
inline void put_reject(Packer& out, const Reject& reject, std::size_t max_text_bytes = std::string::npos) {
  out.put(reject.file).put(reject.segment).put(reject.line).put(reject.byte_offset);
  out.text(reject.reason).text(reject.detail).text(std::string_view(reject.text).substr(0, max_text_bytes));
}

inline Reject get_reject(Unpacker& in) {
  Reject reject;
  reject.file = in.get<std::int32_t>();
  reject.segment = in.get<std::int32_t>();
  reject.line = in.get<std::int64_t>();
  reject.byte_offset = in.get<std::int64_t>();
  reject.reason = in.text();
  reject.detail = in.text();
  reject.text = in.text();
  return reject;
}

}  // namespace evclean
