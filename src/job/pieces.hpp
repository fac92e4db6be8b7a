// SPDX-License-Identifier: Apache-2.0
// `use:` tables, functions, named steps, s3 and resources from other files. All of it happens on the tree, before
// overrides and variables: what comes out is the job as if it had been written in one file, with the places of each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

/// Puts what the job uses into its tree and takes `use` off it; a step `use: name` becomes the steps of that name. What
/// the job itself says stays. Gives the files, in the order in which they were read.
std::vector<std::shared_ptr<const JobPiece>> merge_pieces(YamlNode& root, const std::string& job_path,
                                                          const PieceReader& read, Problems& problems);

/// A path that a piece names, as it is relative to the job file. Paths on S3, absolute ones and those of the job file
/// itself stay.
std::string path_from_job(const std::string& path, const JobPlace& place);

}  // namespace evclean::job
