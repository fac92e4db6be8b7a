// SPDX-License-Identifier: Apache-2.0
// `evclean plan`: a cluster for a job, every number with the calculation it comes from.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "evclean/cluster_plan.hpp"
#include "evclean/function.hpp"
#include "evclean/report.hpp"
#include "evclean/suggest.hpp"

namespace evclean::cli {
namespace {

using functions::human_bytes;
using functions::human_duration;

constexpr std::int64_t kSampleBytes = std::int64_t{64} << 20;
constexpr double kEmrShare = 0.25;        // EMR's fee, of the on-demand price
constexpr double kEmrStartSeconds = 420;  // an EMR cluster takes some 7 minutes to start, and they are charged

NodeType find_type(const std::string& name) {
  std::vector<std::string> names;
  for (const NodeType& node : known_node_types()) {
    if (node.name == name && !node.refusal.empty()) fail_user("--type {}: {}", name, node.refusal);
    if (node.name == name) return node;
    names.push_back(node.name);
  }
  fail_user("--type: '{}' is not in the table of instance types{} (a new type goes into data/instance_types.csv)",
            printable(name, 40), did_you_mean(name, names));
}

bool is_partition_name(const std::string& name) {
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; });
}

struct Partition {
  NodeType node;
  std::int64_t nodes = 0;
};

/// The smallest node of a partition, and how many there are, as sinfo says.
Partition ask_slurm(const std::string& name) {
  if (!is_partition_name(name)) fail_user("--partition: '{}' is not the name of a partition", printable(name, 40));
  // Nodes, CPUs, MiB, sockets, cores a socket; a + stands behind what differs between nodes.
  const std::string command = fmt::format("sinfo -h -p {} -o '%D %c %m %X %Y' 2>/dev/null", name);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  Partition found;
  std::array<char, 256> line{};
  while (pipe && std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
    std::string text(line.data());
    std::replace(text.begin(), text.end(), '+', ' ');
    long nodes = 0, cpus = 0, mib = 0, sockets = 0, cores = 0;
    if (std::sscanf(text.c_str(), "%ld %ld %ld %ld %ld", &nodes, &cpus, &mib, &sockets, &cores) != 5) continue;
    found.nodes += nodes;
    if (found.node.memory_mib != 0 && found.node.memory_mib <= mib) continue;
    found.node.name = fmt::format("a node of {}", name);
    found.node.vcpus = static_cast<int>(cpus);
    found.node.cores = static_cast<int>(std::clamp(sockets * cores, 1L, cpus));
    found.node.memory_mib = mib;
  }
  if (found.nodes == 0)
    fail_user("--partition: Slurm has no partition '{}' (sinfo -s lists them), or there is no Slurm here", name);
  return found;
}

std::string rate_text(double bytes_per_second) {
  return human_bytes(static_cast<std::int64_t>(bytes_per_second)) + "/s";
}

std::string size_text(double bytes) { return human_bytes(static_cast<std::int64_t>(bytes)); }

std::string time_text(double seconds) {
  return seconds < 60 ? fmt::format("{:.1f} s", seconds) : human_duration(std::round(seconds));
}

void say(const char* what, const std::string& text) { fmt::print("{:<9}{}\n", what, text); }

void show_sample(const JobSample& sample) {
  say("input", fmt::format("{} {}, {}; about {} of text, {:.1f} for one stored", sample.files,
                           sample.files == 1 ? "file" : "files", size_text(static_cast<double>(sample.stored_bytes)),
                           size_text(sample.all_text_bytes()), sample.text_per_stored()));
  say("sample",
      fmt::format("{} of it, {} lines, cleaned and written in {} by one rank here: {}",
                  size_text(static_cast<double>(sample.text_bytes)), sample.records, time_text(sample.seconds),
                  rate_text(static_cast<double>(sample.text_bytes) / sample.seconds)));
}

void show_node(const NodeType& node, const NodeShare& share, bool chosen, std::int64_t nodes) {
  say("node",
      fmt::format("{}: {} vCPUs on {} cores, {} MiB{}{}", node.name, node.vcpus, node.cores, node.memory_mib,
                  node.network_gbps > 0 ? fmt::format(", {} Gbit/s that last", node.network_gbps) : std::string(),
                  node.usd_per_hour > 0 ? fmt::format(", {} USD an hour", node.usd_per_hour) : std::string()));
  say("ranks", fmt::format("{} a node, {} in all ({})", share.ranks, share.ranks * nodes,
                           chosen                      ? "as asked"
                           : share.ranks == node.vcpus ? "one a vCPU"
                                                       : "as many as get 256 MiB and 300 MiB for the program"));
  say("memory",
      fmt::format(
          "{0} MiB a rank: ({1} MiB - {2} for the system) / {3} - {4} for the program, in steps of 64, at most {5}",
          share.budget_mib, node.memory_mib, share.kept_mib, share.ranks, kProgramMib, kMostBudgetMib));
}

void show_time(const JobSample& sample, const NodeType& node, const ClusterTime& time) {
  const double rate = static_cast<double>(sample.text_bytes) / sample.seconds;
  say("time", fmt::format("cleaning  {} / ({} ranks x {} x {:.3g}) = {}{}", size_text(sample.all_text_bytes()),
                          time.ranks, rate_text(rate), time.rank_share, time_text(time.cleaning),
                          time.rank_share < 1 ? "  (two threads of a core do 1.25 times what one does)" : ""));
  if (sample.splits < time.ranks)
    say("", fmt::format("only {} pieces of work for {} ranks: a smaller resources.chunk, or fewer ranks", sample.splits,
                        time.ranks));
  if (time.transfer > 0)
    say("", fmt::format("transfer  S3 over {} x {} Gbit/s x {} = {}", time.nodes, node.network_gbps, kNetworkShare,
                        time_text(time.transfer)));
  if (time.longest_file > 0)
    say("", fmt::format("longest   {} in one compressed file, by one rank = {}",
                        size_text(static_cast<double>(sample.longest_stored_bytes)), time_text(time.longest_file)));
  say("", fmt::format("together  {} (the longest of these, and {} s to start and publish)", time_text(time.total),
                      kStartSeconds));
}

void show_cost(const ClusterTime& time, bool emr) {
  if (time.usd <= 0) return;
  const double hour = time.usd / std::max(time.total, 60.0) * 3600;
  if (!emr)
    return say("cost",
               fmt::format("{:.2f} USD on demand in us-east-1 (a minute at least), and the time to start", time.usd));
  const double paid = hour * (1 + kEmrShare) * (time.total + kEmrStartSeconds) / 3600;
  say("cost",
      fmt::format("{:.2f} USD with EMR's fee ({:.0f} % of the instances') and {} min to start, on demand in us-east-1",
                  paid, kEmrShare * 100, kEmrStartSeconds / 60));
}

/// The same for half and twice as many nodes: where more stop helping.
void show_others(const JobSample& sample, const NodeType& node, const NodeShare& share, std::int64_t nodes) {
  std::vector<std::int64_t> counts;
  for (std::int64_t count : {std::int64_t{1}, nodes / 4, nodes / 2, nodes, nodes * 2, nodes * 4}) {
    if (count >= 1 && (counts.empty() || count > counts.back())) counts.push_back(count);
  }
  std::vector<std::vector<std::string>> rows;
  for (const std::int64_t count : counts) {
    const ClusterTime time = plan_time(sample, node, share, static_cast<int>(count));
    rows.push_back({std::to_string(count), std::to_string(time.ranks), time_text(time.total),
                    node.usd_per_hour > 0 ? fmt::format("{:.2f}", time.usd) : "-"});
  }
  fmt::print("\n{}", text_table({"nodes", "ranks", "time", "USD"}, rows));
}

void show_commands(const CommandLine& command, const NodeShare& share, std::int64_t nodes, const ClusterTime& time) {
  const std::int64_t per_rank = share.budget_mib + kProgramMib;
  fmt::print("\nSlurm    sbatch --nodes={} --ntasks-per-node={} --mem-per-cpu={}M{} slurm/evclean.sbatch {}\n", nodes,
             share.ranks, per_rank, command.partition.empty() ? "" : " --partition=" + command.partition,
             printable(command.job, 200));
  if (!command.type.empty())
    fmt::print("AWS      instances: {}, instance_type: {}, expected_hours: {:.2f}\n", nodes, command.type,
               std::max(0.01, (time.total + (command.emr ? kEmrStartSeconds : 0)) / 3600));
}

}  // namespace

int plan_command(const CommandLine& command, const Comm& comm) {
  if (comm.size() > 1) fail_user("plan measures one rank: run it without mpirun");
  if (command.type.empty() == command.partition.empty())
    fail_user("plan needs the kind of node: --type r6i.2xlarge (evclean plan --help), or --partition NAME for Slurm");
  const auto job = read_job(command, comm, true);
  if (!job) return static_cast<int>(ExitCode::kUser);
  Partition found;
  if (command.partition.empty()) {
    found.node = find_type(command.type);
    found.nodes = 1;
  } else {
    found = ask_slurm(command.partition);
  }
  const std::int64_t nodes = command.nodes > 0 ? command.nodes : found.nodes;
  const NodeShare share = share_node(found.node, command.emr, command.ranks_per_node);
  const JobSample sample = sample_job(*job, kSampleBytes, comm);
  const ClusterTime time = plan_time(sample, found.node, share, static_cast<int>(nodes));
  show_sample(sample);
  show_node(found.node, share, command.ranks_per_node > 0, nodes);
  show_time(sample, found.node, time);
  show_cost(time, command.emr);
  show_others(sample, found.node, share, nodes);
  show_commands(command, share, nodes, time);
  return 0;
}

}  // namespace evclean::cli
