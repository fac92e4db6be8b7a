// SPDX-License-Identifier: Apache-2.0
#include "evclean/line_ends.hpp"

namespace evclean {
namespace {

constexpr std::size_t kPieceBytes = 128;  ///< its count fits a byte, so that the compiler adds 32 bytes at once

std::int64_t count_lf(const char* text, std::size_t bytes) {
  std::int64_t ends = 0;
  std::size_t at = 0;
  for (; at + kPieceBytes <= bytes; at += kPieceBytes) {
    std::uint8_t in_piece = 0;
    for (std::size_t i = 0; i < kPieceBytes; ++i) in_piece += text[at + i] == '\n';
    ends += in_piece;
  }
  for (; at < bytes; ++at) ends += text[at] == '\n';
  return ends;
}

}  // namespace

std::int64_t count_line_ends(const char* text, std::size_t begin, std::size_t end, bool lone_cr) {
  std::int64_t ends = count_lf(text + begin, end - begin);
  if (!lone_cr) return ends;
  for (std::size_t p = begin; p < end; ++p) ends += text[p] == '\r' && !(p + 1 < end && text[p + 1] == '\n');
  return ends;
}

}  // namespace evclean
