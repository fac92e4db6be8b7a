// SPDX-License-Identifier: Apache-2.0
// How a job fits a cluster: what a node carries, how long the job takes and what it costs, from rates measured on a
// sample. Calculations only, but for sample_job. evclean-aws calculates nodes in the same way (aws/evclean_aws).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/comm.hpp"
#include "evclean/job.hpp"

namespace evclean {

/// A kind of machine. Shape: `cores` physical cores give `vcpus` threads.
struct NodeType {
  std::string name;
  int vcpus = 1;
  int cores = 1;
  std::int64_t memory_mib = 0;
  double network_gbps = 0;  ///< what lasts, not the burst; 0: not known
  double usd_per_hour = 0;  ///< on demand; 0: not known
  std::string refusal;      ///< why the program does not run there; empty: it does
};

/// The instance types of data/instance_types.csv.
std::vector<NodeType> known_node_types();

/// Reads the table's text. Errors: bug Error for a line that is none.
std::vector<NodeType> read_node_types(std::string_view csv);

inline constexpr std::int64_t kProgramMib = 300;      ///< of a rank beside its budget: code, libraries, MPI's buffers
inline constexpr std::int64_t kLeastBudgetMib = 256;  ///< four chunks of 64 MiB
inline constexpr std::int64_t kMostBudgetMib = 4096;
inline constexpr std::int64_t kHadoopMib = 3072;  ///< EMR's own services on a node

/// What a node carries. Units: MiB; `kept_mib` stays with the system (a tenth, at least 1 GiB) and Hadoop.
struct NodeShare {
  int ranks = 1;
  std::int64_t budget_mib = 0;
  std::int64_t kept_mib = 0;
};
/// One rank a vCPU as long as each gets the least budget; `ranks` > 0 is taken as it is. Errors: user Error when they
/// do not fit.
NodeShare share_node(const NodeType& node, bool hadoop, int ranks = 0);

/// What a sample has shown of a job. Units: bytes, seconds.
struct JobSample {
  std::int64_t files = 0, stored_bytes = 0;  ///< the whole input
  std::int64_t splits = 0;
  std::int64_t longest_stored_bytes = 0;     ///< the largest file that one rank must decompress alone
  std::int64_t text_bytes = 0, records = 0;  ///< of the sample
  std::int64_t sampled_stored_bytes = 0;
  std::int64_t output_bytes = 0;
  double seconds = 0;         ///< the sample's text, cleaned and written, by one rank of this machine
  double decode_seconds = 0;  ///< the sample's stored bytes read and decompressed
  bool remote_input = false, remote_output = false;

  double text_per_stored() const { return static_cast<double>(text_bytes) / static_cast<double>(sampled_stored_bytes); }
  double all_text_bytes() const { return static_cast<double>(stored_bytes) * text_per_stored(); }
  double all_output_bytes() const {
    return all_text_bytes() * static_cast<double>(output_bytes) / static_cast<double>(text_bytes);
  }
};

/// Runs the job on up to `want_bytes` of text from the begins of a few of its files; outputs go to scratch and are
/// removed. Errors: as run_job, and user Error when there is nothing to sample. Call on one rank.
JobSample sample_job(const Job& job, std::int64_t want_bytes, const Comm& comm);

/// Two threads of a core do so much more than one; a network gives so much of what it lasts.
inline constexpr double kTwoThreadsGain = 1.25;
inline constexpr double kNetworkShare = 0.8;
inline constexpr double kStartSeconds = 3;  ///< mpirun, listing, publishing

/// Units: seconds of the whole job; `cleaning`, `transfer` and `longest_file` go on at the same time, the longest
/// counts.
struct ClusterTime {
  int nodes = 1;
  int ranks = 1;
  double rank_share = 1;    ///< of a measured rank's rate that a rank here has
  double cleaning = 0;      ///< all text over all ranks
  double transfer = 0;      ///< input from S3 and output to it over the nodes' network; 0: not known
  double longest_file = 0;  ///< a compressed file is decompressed by one rank
  double total = 0;
  double usd = 0;
};
ClusterTime plan_time(const JobSample& sample, const NodeType& node, const NodeShare& share, int nodes);

}  // namespace evclean
