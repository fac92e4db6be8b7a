// SPDX-License-Identifier: Apache-2.0
// What is far away (S3) is fetched before its turn. For the one thread that reads.
#pragma once

#include "evclean/source.hpp"

namespace evclean {

/// Tells which segment this process will probably read after the one it reads now: its begin is fetched once nothing of
/// the present one is left to ask for. A wrong guess costs what was fetched.
void expect_next(const InputFile& file, const SplitSegment& segment);

}  // namespace evclean
