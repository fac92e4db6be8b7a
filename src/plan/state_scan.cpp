// SPDX-License-Identifier: Apache-2.0
#include "state_scan.hpp"

#include <algorithm>

#include "evclean/carried_state.hpp"

namespace evclean {

std::string StateScan::state_at(std::int32_t file, std::int64_t offset) {
  if (!decoder_) decoder_ = make_decoder(input_.format_spec(), input_.format);
  if (file != file_ || offset < at_) {
    file_ = file;
    at_ = 0;
    state_.clear();
  }
  if (at_ < offset) pass_over(offset);
  return state_;
}

void StateScan::pass_over(std::int64_t end) {
  constexpr std::int64_t kPieceBytes = 1 << 20;
  constexpr std::size_t kLongestLine = 16 << 20;
  const auto& carrier = dynamic_cast<const CarriesState&>(*decoder_);
  const auto stream = open_stream(input_.files[static_cast<std::size_t>(file_)], at_, input_.stream);
  TextBlock block(static_cast<std::size_t>(kPieceBytes) + 4096);
  while (at_ < end) {
    const bool ended = stream->read(block, kPieceBytes) == 0;
    const auto left = static_cast<std::size_t>(end - at_);
    const std::string_view text(block.data(), std::min(block.size(), left));
    const std::size_t lines = ended || block.size() >= left ? text.size() : text.rfind('\n') + 1;
    state_ = carrier.state_behind(text.substr(0, lines), state_);
    at_ += static_cast<std::int64_t>(lines);
    if (ended) return;
    std::string rest(text.substr(lines));
    if (rest.size() > kLongestLine) {  // none of the lines that are looked for
      at_ += static_cast<std::int64_t>(rest.size()) - 1;
      rest = " ";
    }
    block.set_size(0);
    block.append(rest);
  }
}

}  // namespace evclean
