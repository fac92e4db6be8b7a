// SPDX-License-Identifier: Apache-2.0
#include "checkpoint.hpp"

#include <arrow/api.h>
#include <link.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "evclean/engine.hpp"
#include "evclean/hash.hpp"
#include "evclean/record_batch.hpp"
#include "record_wire.hpp"
#include "wire.hpp"

namespace evclean {
namespace {

/// Changed whenever what a record or a batch holds is written in another way.
constexpr std::uint64_t kFormat = 1;

/// Hashes what the loader has mapped of this program and nothing writes to, so that another build never takes over what
/// this one left. (The name of the program's file is the loader's in a bundle.)
std::uint64_t program_hash() {
  std::uint64_t hash = kFormat;
  const auto first_only = [](dl_phdr_info* info, std::size_t, void* into) {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& segment = info->dlpi_phdr[i];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
      const auto* begin = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
      auto& sum = *static_cast<std::uint64_t*>(into);
      sum = hash_bytes({begin, segment.p_memsz}, sum);
    }
    return 1;
  };
  dl_iterate_phdr(first_only, &hash);
  return hash;
}

std::uint64_t hash_of_file(const InputFile& file, std::uint64_t seed) {
  Packer out;
  out.text(file.path).put(file.size_bytes).put(file.modified_s).put(file.codec).put(file.mark_bytes).text(file.etag);
  return hash_bytes(out.bytes(), seed);
}

std::uint64_t hash_of_split(const TableInput& input, const Split& split, std::uint64_t seed) {
  std::uint64_t hash = mix64(seed + static_cast<std::uint64_t>(split.ordinal));
  for (const SplitSegment& segment : split.segments) {
    hash = hash_of_file(input.files[static_cast<std::size_t>(segment.file)], hash);
    hash = hash_bytes(Packer().put(segment.file).put(segment.begin).put(segment.end).bytes(), hash);
  }
  return hash;
}

std::vector<std::string> logs_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".log") names.push_back(entry.path().filename().string());
  }
  return names;
}

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.insert(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// Deals the files to ranks that see them.
std::vector<std::string> files_for(const std::vector<std::string>& seen, const Comm& comm) {
  std::string mine;
  for (const std::string& name : seen) mine += name + '\n';
  std::map<std::string, std::vector<int>> who;
  int rank = 0;
  for (const std::string& theirs : comm.all_gather(mine)) {
    for (const std::string& name : lines_of(theirs)) who[name].push_back(rank);
    ++rank;
  }
  std::vector<std::string> dealt;
  std::size_t turn = 0;
  for (const auto& [name, ranks] : who) {
    if (ranks[turn++ % ranks.size()] == comm.rank()) dealt.push_back(name);
  }
  return dealt;
}

std::chrono::seconds keeps_after() {
  const char* asked = std::getenv("EVCLEAN_RESUME_AFTER");
  return std::chrono::seconds(asked != nullptr ? std::max(0, std::atoi(asked)) : 0);
}

/// A name that no earlier run has used.
std::string new_log(const std::string& folder, const Comm& comm) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto tick = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  return fmt::format("{}/{}-{:05}.log", folder, comm.broadcast(std::to_string(tick)), comm.rank());
}

std::uint64_t identity_of(const Job& job) {
  return hash_bytes(job.base_dir, hash_bytes(Packer().put(job.identity).bytes(), program_hash()));
}

std::string folder_for(std::uint64_t identity) { return fmt::format(".evclean-resume-{:016x}", identity); }

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directory(folder, error);
  if (!error && access(folder.c_str(), R_OK | W_OK | X_OK) == 0) return;
  fail_user("--resume keeps what is done in the working directory, in {}: {}", folder,
            error ? error.message() : std::strerror(errno));
}

}  // namespace

std::string resume_folder(const Job& job) { return folder_for(identity_of(job)); }

Checkpoint::Checkpoint(const Job& job, const Comm& comm)
    : identity_(identity_of(job)), folder_(folder_for(identity_)), writer_({}) {
  comm.agree([&] { make_folder(folder_); });
  files_ = logs_in(folder_);
  for (const std::string& name : files_for(files_, comm)) readers_.emplace_back(folder_ + '/' + name);
  writer_ = CheckpointWriter(new_log(folder_, comm));
  keeps_from_ = std::chrono::steady_clock::now() + keeps_after();
}

Checkpoint::~Checkpoint() {
  std::error_code ignored;
  std::filesystem::remove(folder_, ignored);  // not while something is in it
}

void Checkpoint::depends_on(const TableInput& input) {
  for (const InputFile& file : input.files) identity_ = hash_of_file(file, identity_);
  for (const FileStart& start : input.starts) identity_ = hash_bytes(Packer().put(start).bytes(), identity_);
}

/// Where several ranks have a reading, the first of them takes it.
std::vector<int> Checkpoint::claim(const std::vector<std::uint64_t>& keys, const Comm& comm) const {
  Packer out;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto has = [&](const CheckpointReader& reader) { return reader.holds(keys[i]); };
    if (std::any_of(readers_.begin(), readers_.end(), has)) out.put(i);
  }
  std::vector<int> takers(keys.size(), -1);
  int rank = 0;
  for (const std::string& packed : comm.all_gather(out.bytes())) {
    for (Unpacker in(packed); !in.empty();) {
      int& taker = takers[in.get<std::size_t>()];
      if (taker < 0) taker = rank;
    }
    ++rank;
  }
  return takers;
}

const CheckpointReader& Checkpoint::log_of(std::uint64_t key) const {
  const auto found =
      std::find_if(readers_.begin(), readers_.end(), [&](const CheckpointReader& reader) { return reader.holds(key); });
  EVCLEAN_CHECK(found != readers_.end(), "no file of {} has the reading {:x}", folder_, key);
  return *found;
}

std::string Checkpoint::failure(const Comm& comm) const {
  for (const std::string& failure : comm.all_gather(writer_.failure())) {
    if (!failure.empty()) return failure;
  }
  return {};
}

void Checkpoint::forget() noexcept {
  std::error_code ignored;
  std::filesystem::remove(writer_.path(), ignored);
  for (const std::string& name : files_) std::filesystem::remove(folder_ + '/' + name, ignored);
}

PassCheckpoint::PassCheckpoint(Checkpoint& all, const TableInput& input, std::uint64_t key, const Fields& fields)
    : all_(all), input_(input), schema_(arrow_schema(fields)) {
  const std::uint64_t seed = hash_bytes(Packer().put(key).bytes(), all.identity());
  for (const Split& split : input.splits) keys_.push_back(hash_of_split(input, split, seed));
}

std::vector<std::int64_t> PassCheckpoint::claim(const Comm& comm) const {
  const std::vector<int> takers = all_.claim(keys_, comm);
  std::vector<bool> taken;
  for (const int taker : takers) taken.push_back(taker >= 0);
  whole_files_only(taken);
  std::vector<std::int64_t> splits;
  for (std::size_t split = 0; split < takers.size(); ++split) {
    if (taken[split] && takers[split] == comm.rank()) splits.push_back(static_cast<std::int64_t>(split));
  }
  return splits;
}

void PassCheckpoint::whole_files_only(std::vector<bool>& taken) const {
  std::set<std::int32_t> broken;
  const auto file_in_parts = [&](const Split& split) {
    const std::int32_t file = split.segments.empty() ? -1 : split.segments[0].file;
    const bool in_parts = file >= 0 && !input_.layouts.empty() &&
                          input_.layouts[static_cast<std::size_t>(file)].access != TextAccess::kWhole;
    return in_parts ? file : -1;
  };
  for (std::size_t s = 0; s < taken.size(); ++s) {
    if (!taken[s]) broken.insert(file_in_parts(input_.splits[s]));
  }
  broken.erase(-1);
  for (std::size_t s = 0; s < taken.size(); ++s) {
    if (broken.count(file_in_parts(input_.splits[s])) > 0) taken[s] = false;
  }
}

bool PassCheckpoint::load(std::int64_t split, const std::function<void(Batch&)>& take, SplitRecord& record,
                          RejectStage& rejects) const {
  std::string found, packed_rejects;
  const auto take_message = [&](std::shared_ptr<arrow::Buffer> message) {
    Batch batch = from_record_batch(*parse_record_batch(std::move(message), schema_));
    take(batch);
  };
  const std::uint64_t key = key_of(split);
  if (!all_.log_of(key).read(key, take_message, found, packed_rejects)) return false;
  unpack_record(found, record);
  rejects.put_packed(split, packed_rejects);
  return true;
}

void PassCheckpoint::begin(std::int64_t split) {
  keeps_ = all_.keeps();
  if (keeps_) all_.writer().begin(key_of(split));
}

void PassCheckpoint::put(const Batch& batch) const {
  if (!keeps_) return;
  all_.writer().put_batch(serialize_record_batch(*to_record_batch(batch, schema_), true));
}

void PassCheckpoint::end(std::int64_t split, SplitRecord& record, const RejectStage& rejects) const {
  if (keeps_) all_.writer().end(pack_record(record), rejects.packed(split));
}

}  // namespace evclean
