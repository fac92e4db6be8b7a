// SPDX-License-Identifier: Apache-2.0
// What encoding files without a mark are in, if not UTF-8: a guess that `evclean init` writes down for people to see.
#pragma once

#include "table_input.hpp"

namespace evclean {

/// UTF-16 where every other byte is NUL; Latin-1 where more sequences are ill-formed in UTF-8 than well-formed and most
/// of those bytes are letters beside letters; else kAuto. Reads the heads of some files; `input` is read as `auto`.
Encoding guess_encoding(const TableInput& input);

/// The word that a job file has for it: "latin-1".
std::string encoding_word(Encoding encoding);

}  // namespace evclean
