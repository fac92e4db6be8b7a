// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <algorithm>

namespace evclean::sql {

Output<std::string_view>::Output(std::int64_t rows)
    : valid_(rows),
      offsets_buffer_(
          take_arrow(arrow::AllocateBuffer((rows + 1) * static_cast<std::int64_t>(sizeof(std::int32_t))), "result")),
      capacity_(static_cast<std::size_t>(rows) * 16 + 4 * kSlack) {
  bytes_buffer_ = take_arrow(arrow::AllocateResizableBuffer(static_cast<std::int64_t>(capacity_)), "result");
  offsets_ = reinterpret_cast<std::int32_t*>(offsets_buffer_->mutable_data());
  offsets_[0] = 0;
  bytes_ = reinterpret_cast<char*>(bytes_buffer_->mutable_data());
}

void Output<std::string_view>::grow(std::size_t more) {
  constexpr std::size_t kLimit = (std::size_t{1} << 31) - 1;
  if (used_ + more > kLimit) fail_user("an expression makes more than 2 GiB of text from one batch of rows");
  capacity_ = std::max(capacity_ * 2, used_ + more + kSlack);
  check_arrow(bytes_buffer_->Resize(static_cast<std::int64_t>(capacity_), false), "result");
  bytes_ = reinterpret_cast<char*>(bytes_buffer_->mutable_data());
}

std::shared_ptr<arrow::Array> Output<std::string_view>::finish() {
  check_arrow(bytes_buffer_->Resize(static_cast<std::int64_t>(used_), false), "result");
  return valid_.wrap(ValueType::kString, {std::move(offsets_buffer_), std::move(bytes_buffer_)});
}

}  // namespace evclean::sql
