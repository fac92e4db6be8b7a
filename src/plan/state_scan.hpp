// SPDX-License-Identifier: Apache-2.0
// What `#Fields` lines say where a run begins inside a file, behind what an earlier run has read (only_new) or at a
// rejected record (--replay): no split before it tells, so the text before it is searched.
#pragma once

#include <memory>
#include <string>

#include "table_input.hpp"

namespace evclean {

class StateScan {
 public:
  explicit StateScan(const TableInput& input) : input_(input) {}

  /// For formats that carry state: what is in force at that byte of the file's text.
  std::string state_at(std::int32_t file, std::int64_t offset);

 private:
  void pass_over(std::int64_t end);

  const TableInput& input_;
  std::unique_ptr<Decoder> decoder_;
  std::int32_t file_ = -1;
  std::int64_t at_ = 0;  ///< text before it has been searched
  std::string state_;
};

}  // namespace evclean
