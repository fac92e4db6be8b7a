// SPDX-License-Identifier: Apache-2.0
// Joins with a small table as operations of a pipeline: rows look their key up while they pass, and nothing is staged.
#pragma once

#include <memory>

#include "evclean/lookup.hpp"
#include "evclean/pipeline.hpp"

namespace evclean {

/// An inner, left, semi or anti join whose strategy lets the left rows stay.
bool may_look_up(const JoinStep& join_step);

/// Gathers the table of a join on all ranks if its rows can be looked up in passing: one that may be, with a table that
/// has rows and takes no more than `limit_bytes`. Null if not; the same
/// answer on all ranks, and for any number of them. Collective.
std::shared_ptr<const Lookup> gather_lookup(const JoinStep& join_step, const Dataset& right, const Workspace& workspace,
                                            std::int64_t limit_bytes);

/// What a lookup may take of a rank's memory.
std::int64_t lookup_limit(std::int64_t memory_bytes);

/// The join against the columns as they stand. Errors: user Error with the step's place.
JoinedColumns compile_lookup(const std::shared_ptr<const Lookup>& lookup, const StepSpec& step, const Fields& left,
                             const std::vector<bool>& empty, const std::string& job_path);

/// Notes of a join that was looked up: of frequent keys 'None'.
std::vector<std::string> lookup_notes(const Op& op, const std::vector<std::int64_t>& key_texts);

}  // namespace evclean
