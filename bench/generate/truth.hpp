// SPDX-License-Identifier: Apache-2.0
// What is true of the files made: the answer a reader of them must come to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profile.hpp"

namespace generate {

class Truth {
 public:
  void begin_file(const std::string& path);
  /// `text` is the record with its line end.
  void add(const Verdict& verdict, std::string_view text);
  /// The file's header: a blank record.
  void add_header(std::string_view text);
  std::int64_t records() const noexcept { return records_; }
  std::int64_t bytes() const noexcept { return bytes_; }
  std::string json(const Profile& profile, const std::string& command) const;

 private:
  struct RejectedLine {
    std::size_t file;
    std::int64_t line;
    std::string_view reason;
  };
  std::vector<std::string> files_;
  std::vector<RejectedLine> rejected_;
  std::int64_t line_ = 1;  ///< of the file, where the next record begins
  std::int64_t records_ = 0;
  std::int64_t blank_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace generate
