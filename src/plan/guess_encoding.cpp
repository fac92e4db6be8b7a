// SPDX-License-Identifier: Apache-2.0
#include "guess_encoding.hpp"

#include <algorithm>

namespace evclean {
namespace {

constexpr std::size_t kFiles = 8;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_ascii_letter(unsigned char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_sequence_begin(unsigned char c) { return c >= 0xC0; }

/// Bytes of a head, counted.
struct HeadCounts {
  std::int64_t bytes = 0;
  std::int64_t nul[2] = {0, 0};  ///< at even and at odd offsets
  std::int64_t control = 0;      ///< other control bytes than those of text
  std::int64_t replaced = 0;
  std::int64_t sequences = 0;  ///< well-formed, of several bytes

  void add(std::string_view head) {
    bytes += static_cast<std::int64_t>(head.size());
    for (std::size_t i = 0; i < head.size(); ++i) {
      const auto c = static_cast<unsigned char>(head[i]);
      nul[i % 2] += c == 0;
      control += c < 0x20 && c != 0 && c != '\t' && c != '\n' && c != '\r' && c != 0x1b;
      if (!is_sequence_begin(c)) continue;
      (head.substr(i).starts_with(kReplacement) ? replaced : sequences) += 1;
    }
  }
};

/// Characters above ASCII of a head that was read as Latin-1 (two bytes each), and the letters among them that stand
/// beside an ASCII letter.
struct LetterCounts {
  std::int64_t high = 0, letters = 0;

  void add(std::string_view head) {
    for (std::size_t i = 0; i + 1 < head.size(); ++i) {
      if (!is_sequence_begin(static_cast<unsigned char>(head[i]))) continue;
      ++high;
      const bool letter = head[i] == '\xC3' && head[i + 1] != '\x97' && head[i + 1] != '\xB7';
      const bool beside = (i > 0 && is_ascii_letter(static_cast<unsigned char>(head[i - 1]))) ||
                          (i + 2 < head.size() && is_ascii_letter(static_cast<unsigned char>(head[i + 2])));
      letters += letter && beside;
    }
  }
};

template <typename Counts>
Counts count_heads(const TableInput& input, Encoding encoding) {
  StreamOptions stream = input.stream;
  stream.encoding = encoding;
  Counts counts;
  const std::size_t step = std::max<std::size_t>(1, input.files.size() / kFiles);
  for (std::size_t f = 0; f < input.files.size(); f += step) counts.add(read_head(input.files[f], stream));
  return counts;
}

}  // namespace

Encoding guess_encoding(const TableInput& input) {
  const auto counts = count_heads<HeadCounts>(input, Encoding::kAuto);
  const auto [even, odd] = counts.nul;
  if (4 * (even + odd) > counts.bytes && (even > 4 * odd || odd > 4 * even))
    return odd > even ? Encoding::kUtf16Le : Encoding::kUtf16Be;
  const bool binary = 100 * (counts.control + even + odd) > counts.bytes;
  if (binary || counts.replaced <= counts.sequences) return Encoding::kAuto;
  const auto seen = count_heads<LetterCounts>(input, Encoding::kLatin1);
  return 2 * seen.letters > seen.high ? Encoding::kLatin1 : Encoding::kAuto;
}

std::string encoding_word(Encoding encoding) {
  return std::find_if(std::begin(kEncodingWords), std::end(kEncodingWords),
                      [&](const auto& known) { return known.second == encoding; })
      ->first;
}

}  // namespace evclean
