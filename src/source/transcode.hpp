// SPDX-License-Identifier: Apache-2.0
// UTF-16 and Latin-1 to UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evclean {

/// What a conversion took and found.
struct Transcoded {
  std::size_t taken = 0;      ///< source bytes used; fewer than given: the rest waits for more
  std::int64_t replaced = 0;  ///< lone surrogates, and an odd byte at the end
};

/// Appends UTF-16 text to `out` as UTF-8. `at_end`: nothing follows, so what is unfinished is ill-formed.
Transcoded utf16_to_utf8(std::string_view bytes, bool big_endian, bool at_end, std::string& out);

/// Appends ISO 8859-1 text (each byte is the character of that number) to `out` as UTF-8.
Transcoded latin1_to_utf8(std::string_view bytes, std::string& out);

}  // namespace evclean
