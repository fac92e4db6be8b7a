// SPDX-License-Identifier: Apache-2.0
// `--replay REJECTS.jsonl`: the records that a run rejected are read again, in their files, with the header, dialect,
// year and line numbers they have there. Of plain files only the stretches that hold them are read.
#pragma once

#include <string>
#include <vector>

#include "evclean/decoder.hpp"
#include "evclean/job.hpp"

namespace evclean {

struct TableInput;

/// Where a rejected record stands.
struct RejectedPlace {
  std::int64_t byte_offset = 0;
  std::int64_t line = 0;  ///< 1-based
};

/// Said of a reject whose row no longer stood for its record: to read the record again would repeat its other rows.
inline constexpr std::string_view kRowOfARecord = "one row of its record: the others may be in the outputs";

/// The job of a replay: outputs and reject files have -replay before the extension, and no budget, which is of a whole
/// run. `table` (out): the one whose records are read again.
Job replay_job(Job job, const std::string& rejects, std::string& table);

/// Leaves just the files of a listing that have rejects, and says where those stand. Rank 0.
/// Errors: user Error for what is no reject file, or names a file that the input does not list.
void choose_rejected(TableInput& input, const std::string& rejects);

/// Cuts the splits that hold the rejected records.
void cut_rejected(TableInput& input);

/// Drops what was not rejected before.
void keep_rejected(const std::vector<RejectedPlace>& places, DecodeResult& result);

}  // namespace evclean
