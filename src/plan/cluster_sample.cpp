// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "evclean/cluster_plan.hpp"
#include "evclean/engine.hpp"
#include "evclean/s3_settings.hpp"
#include "resources.hpp"
#include "table_input.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPlanFiles = 4;

/// A folder of our own in scratch, removed with all that is in it.
class SampleFolder {
 public:
  SampleFolder(const ResourceSpec& spec, const Comm& comm)
      : path_(find_resources(spec, comm).scratch + "/evclean-sample-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr)
      fail_system("cannot make a folder in {}", fs::path(path_).parent_path().string());
  }
  ~SampleFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  SampleFolder(const SampleFolder&) = delete;
  SampleFolder& operator=(const SampleFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double seconds_from(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Copies whole lines from the begin of a file's text, about `want_bytes`; what it took goes to `sample`.
void copy_head(const InputFile& file, const StreamOptions& options, std::int64_t want_bytes, const std::string& to,
               JobSample& sample) {
  const auto begin = std::chrono::steady_clock::now();
  const std::unique_ptr<ByteStream> stream = open_stream(file, 0, options);
  std::string text;
  bool ended = false;
  while (!ended && static_cast<std::int64_t>(text.size()) < want_bytes) {
    TextBlock block;
    ended = stream->read(block, std::int64_t{1} << 20) == 0;
    text.append(block.data(), block.size());
  }
  sample.decode_seconds += seconds_from(begin);
  const std::size_t last = text.rfind('\n');
  if (!ended && last != std::string::npos) text.resize(last + 1);
  std::ofstream(to, std::ios::binary) << text;
  sample.text_bytes += static_cast<std::int64_t>(text.size());
  sample.sampled_stored_bytes += stream->stored_position();
}

void measure_input(const TableInput& input, JobSample& sample) {
  sample.files += static_cast<std::int64_t>(input.files.size());
  sample.stored_bytes += input.stored_bytes();
  sample.splits += static_cast<std::int64_t>(input.splits.size());
  for (const InputFile& file : input.files) {
    sample.remote_input = sample.remote_input || is_s3_path(file.path);
    if (!file.splittable) sample.longest_stored_bytes = std::max(sample.longest_stored_bytes, file.size_bytes);
  }
}

/// The table's input as a few heads in `folder`, from files spread over the list.
void take_heads(const TableInput& input, const std::string& folder, std::int64_t want_bytes, InputSpec& spec,
                JobSample& sample) {
  std::vector<const InputFile*> files;
  for (const InputFile& file : input.files) {
    if (file.size_bytes > 0) files.push_back(&file);
  }
  const std::size_t count = std::min(files.size(), kPlanFiles);
  fs::create_directories(folder);
  spec.paths.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string to = fmt::format("{}/head-{}", folder, i);
    copy_head(*files[i * files.size() / count], input.stream, want_bytes / static_cast<std::int64_t>(count), to,
              sample);
    Text path;
    path.value = to;
    path.place = spec.place;
    spec.paths.push_back(std::move(path));
  }
  spec.encoding = Encoding::kAuto;  // the heads are UTF-8
  spec.corrupt = OnCorrupt::kSalvage;
  spec.missing = OnMissing::kSkip;
  spec.rejects.path.clear();
  spec.only_new.clear();
}

void redirect_outputs(Job& job, const std::string& folder, JobSample& sample) {
  for (std::size_t i = 0; i < job.outputs.size(); ++i) {
    OutputSpec& output = job.outputs[i];
    sample.remote_output = sample.remote_output || is_s3_path(output.path);
    const std::string name = output.path.ends_with('/') ? "set/" : fs::path(output.path).filename().string();
    output.path = fmt::format("{}/out-{}/{}", folder, i, name);
    fs::create_directories(fmt::format("{}/out-{}", folder, i));
  }
}

}  // namespace

JobSample sample_job(const Job& job, std::int64_t want_bytes, const Comm& comm) {
  const SampleFolder folder(job.resources, comm);
  JobSample sample;
  Job small = job;
  for (TableSpec& table : small.tables) {
    if (!table.input) continue;
    const TableInput input = open_table(job, table);
    measure_input(input, sample);
    take_heads(input, folder.path() + "/" + table.name, want_bytes, *table.input, sample);
  }
  if (sample.text_bytes == 0) fail_user("the job's input holds nothing to take a sample of");
  redirect_outputs(small, folder.path(), sample);
  RunOptions options;
  options.overwrite = true;
  options.progress = ProgressMode::kNone;
  const RunReport report = run_job(small, options, comm);
  sample.seconds = std::max(report.seconds, 1e-3);
  for (const TableReport& table : report.tables) sample.records += table.ledger.lines;
  for (const WrittenFile& file : report.outputs) sample.output_bytes += file.bytes;
  return sample;
}

}  // namespace evclean
