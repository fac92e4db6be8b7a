// SPDX-License-Identifier: Apache-2.0
#include "remote_outputs.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <future>
#include <map>
#include <optional>

#include "evclean/error.hpp"
#include "evclean/interrupt.hpp"
#include "remote_set.hpp"
#include "spool.hpp"

namespace evclean {
namespace {

/// Smaller objects are put whole when they are published. S3 wants parts of at least 5 MiB.
constexpr std::int64_t kPartBytes = 8 << 20;
/// S3 takes 10,000 parts at most.
constexpr std::int64_t kMostParts = 9000;
constexpr std::int64_t kUnderWayBytes = 64 << 20;  ///< a rank holds at a time
constexpr std::size_t kMostUnderWay = 8;

struct RemoteOutput {
  std::string final_path;
  S3Url url;
  S3Settings settings;
  bool overwrite = false;
  bool existed = false;  ///< when it was reserved; known on the first rank
  std::string spooled;
  std::int64_t size_bytes = -1;  ///< once prepared
  std::string upload;            ///< id of its multipart upload; empty: it is put whole
  std::vector<std::string> etags;

  std::int64_t part_bytes() const {
    constexpr std::int64_t kMiB = 1 << 20;
    const std::int64_t least = (size_bytes + kMostParts - 1) / kMostParts;
    return std::max(kPartBytes, (least + kMiB - 1) / kMiB * kMiB);
  }
  std::int64_t part_count() const { return (size_bytes + part_bytes() - 1) / part_bytes(); }
  bool is_whole() const { return size_bytes <= kPartBytes; }
  S3Client& client() const { return *S3Client::of(settings); }
};

/// Work beside the caller, a bounded number of bytes at a time.
template <typename Result>
class UnderWay {
 public:
  explicit UnderWay(std::int64_t bytes_each)
      : most_(std::clamp<std::size_t>(static_cast<std::size_t>(kUnderWayBytes / std::max<std::int64_t>(1, bytes_each)),
                                      1, kMostUnderWay)) {}
  /// Waits for the oldest when there are too many.
  void add(std::future<Result> work, std::function<void(Result)> take) {
    while (waiting_.size() >= most_) finish_one();
    waiting_.emplace_back(std::move(work), std::move(take));
  }
  void finish() {
    while (!waiting_.empty()) finish_one();
  }
  /// Waits without looking at results: what was begun uses what it was given.
  ~UnderWay() {
    for (auto& [work, take] : waiting_) {
      if (work.valid()) work.wait();
    }
  }

 private:
  void finish_one() {
    auto [work, take] = std::move(waiting_.front());
    waiting_.pop_front();
    take(work.get());
  }

  std::size_t most_;
  std::deque<std::pair<std::future<Result>, std::function<void(Result)>>> waiting_;
};

}  // namespace

struct RemoteOutputs::Impl {
  Impl(const Comm& c, std::string t) : comm(c), token(std::move(t)) {}

  bool is_ours(const S3Url& url) const { return index.count(url.text()) > 0; }

  /// Collective.
  std::size_t take_set(const std::string& base_path, bool overwrite, bool hive, const RemotePlace& place) {
    RemoteSet set{base_path, S3Url::parse(base_path), place, overwrite, hive, {}};
    comm.agree([&] {
      if (comm.is_root()) trial.try_set(set);
    });
    if (!spool) spool.emplace(comm, place.scratch_dir, token);
    sets.push_back(std::move(set));
    return sets.size() - 1;
  }

  /// Collective.
  void add(const std::vector<std::string>& final_paths, std::size_t set) {
    constexpr std::size_t kLongestName = 100;
    std::vector<std::string> spooled;
    for (const std::string& path : final_paths) {
      if (!index.emplace(path, outputs.size()).second) fail_user("two outputs write {}: give each its own path", path);
      RemoteOutput output;
      output.final_path = path;
      output.url = S3Url::parse(path);
      output.settings = sets[set].place.s3;
      output.overwrite = sets[set].overwrite;
      output.existed = sets[set].old_keys.count(output.url.key) > 0;
      const std::string name = path.substr(path.rfind('/') + 1);
      output.spooled = spool->path(fmt::format(
          "{}-{}", outputs.size(), name.size() > kLongestName ? name.substr(name.size() - kLongestName) : name));
      spooled.push_back(output.spooled);
      outputs.push_back(std::move(output));
    }
    spool->add(spooled);
  }

  const RemoteOutput& of(const std::string& final_path) const {
    const auto found = index.find(final_path);
    EVCLEAN_CHECK(found != index.end(), "{} was not reserved", final_path);
    return outputs[found->second];
  }

  /// The claimed set of a file.
  std::size_t set_of(const std::string& final_path) const {
    for (std::size_t i = sets.size(); i-- > 0;) {
      const OutputName base = split_output_name(sets[i].base_path);
      if (sets[i].hive && final_path.starts_with(base.folder) && belongs(final_path, base)) return i;
    }
    fail_bug("{} belongs to no output", final_path);
  }

  void prepare();
  std::vector<SpoolPart> all_parts() const;
  void begin_uploads();
  void send_parts();
  void share_etags(const std::string& mine);
  void make_visible();
  void remove_stale();

  const Comm& comm;
  std::string token;
  std::optional<Spool> spool;
  std::vector<RemoteSet> sets;
  std::vector<RemoteOutput> outputs;
  std::map<std::string, std::size_t> index;  ///< by final path
  RemoteTrial trial{[this](const S3Url& url) { return is_ours(url); }};
  bool prepared = false;
  bool over = false;
};

/// Parts of all outputs, dealt over the ranks; a small output is one part.
std::vector<SpoolPart> RemoteOutputs::Impl::all_parts() const {
  std::vector<SpoolPart> parts;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const RemoteOutput& output = outputs[i];
    const std::int64_t size = output.part_bytes();
    for (std::int64_t p = 0; p < output.part_count(); ++p) {
      const int owner = static_cast<int>((static_cast<std::int64_t>(i) + p) % comm.size());
      parts.push_back({output.spooled, p * size, std::min((p + 1) * size, output.size_bytes), owner});
    }
  }
  return parts;
}

void RemoteOutputs::Impl::begin_uploads() {
  std::string ids;
  comm.agree([&] {
    if (!comm.is_root()) return;
    for (RemoteOutput& output : outputs) {
      if (!output.is_whole()) output.upload = output.client().begin_upload(output.url);
      ids += output.upload + "\n";
    }
  });
  ids = comm.broadcast(std::move(ids));
  std::size_t at = 0;
  for (RemoteOutput& output : outputs) {
    const std::size_t end = ids.find('\n', at);
    output.upload = ids.substr(at, end - at);
    output.etags.assign(static_cast<std::size_t>(output.upload.empty() ? 0 : output.part_count()), "");
    at = end + 1;
  }
}

/// Every rank its own parts.
void RemoteOutputs::Impl::send_parts() {
  std::string mine;  // lines of output, part, ETag
  comm.agree([&] {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const RemoteOutput& output = outputs[i];
      const std::int64_t size = output.part_bytes();
      UnderWay<std::string> under_way(size);
      for (std::int64_t p = 0; !output.upload.empty() && p < output.part_count(); ++p) {
        if ((static_cast<std::int64_t>(i) + p) % comm.size() != comm.rank()) continue;
        throw_if_interrupted();
        std::string bytes = read_spooled(output.spooled, p * size, std::min(size, output.size_bytes - p * size));
        under_way.add(output.client().send_part(output.url, output.upload, static_cast<int>(p + 1), std::move(bytes)),
                      [&mine, i, p](const std::string& etag) { mine += fmt::format("{} {} {}\n", i, p, etag); });
      }
      under_way.finish();
    }
  });
  share_etags(mine);
}

void RemoteOutputs::Impl::share_etags(const std::string& mine) {
  for (const std::string& text : comm.all_gather(mine)) {
    for (const char* at = text.c_str(); *at != '\0';) {
      char* next = nullptr;
      const long long output = std::strtoll(at, &next, 10);
      const long long part = std::strtoll(next, &next, 10);
      const char* const end = std::strchr(next, '\n');
      outputs.at(static_cast<std::size_t>(output)).etags.at(static_cast<std::size_t>(part)) =
          std::string(static_cast<const char*>(next) + 1, end);
      at = end + 1;
    }
  }
}

void RemoteOutputs::Impl::prepare() {
  if (prepared || outputs.empty()) return;
  for (RemoteOutput& output : outputs) output.size_bytes = spool->size(output.spooled);
  spool->bring_together(all_parts());
  begin_uploads();
  send_parts();
  prepared = true;
}

/// Uploads are completed by the first rank, whole objects put by the rank that has them. When one fails, those that
/// were made where nothing stood are removed again.
void RemoteOutputs::Impl::make_visible() {
  std::string made;
  std::optional<Error> error;
  try {
    UnderWay<bool> under_way(kPartBytes);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const RemoteOutput& output = outputs[i];
      const bool completes = !output.upload.empty() && comm.is_root();
      const bool puts = output.upload.empty() && static_cast<int>(i) % comm.size() == comm.rank();
      if (!completes && !puts) continue;
      const auto work = [&output, completes] {
        if (completes) {
          output.client().complete_upload(output.url, output.upload, output.etags, !output.overwrite);
        } else {
          output.client().put(output.url, read_spooled(output.spooled, 0, output.size_bytes), !output.overwrite);
        }
      };
      under_way.add(S3Client::beside(work), [&made, i](bool) { made += std::to_string(i) + "\n"; });
    }
    under_way.finish();
  } catch (const Error& failed) {
    error = failed;
  }
  const std::vector<std::string> all_made = comm.all_gather(made);
  if (comm.max(std::int64_t{error.has_value()}) > 0 && comm.is_root()) {
    for (const std::string& text : all_made) {
      for (const char* at = text.c_str(); *at != '\0'; at = std::strchr(at, '\n') + 1) {
        const RemoteOutput& output = outputs.at(std::strtoul(at, nullptr, 10));
        if (!output.existed) output.client().remove(output.url);
      }
    }
  }
  comm.all_ok(error);
}

/// What is left of older sets with other numbers or partitions.
void RemoteOutputs::Impl::remove_stale() {
  for (const RemoteSet& set : sets) {
    if (!set.overwrite) continue;
    for (const std::string& key : set.old_keys) {
      const S3Url url{set.url.bucket, key};
      if (!is_ours(url)) S3Client::of(set.place.s3)->remove(url);
    }
  }
}

RemoteOutputs::RemoteOutputs(const Comm& comm, std::string token)
    : impl_(std::make_unique<Impl>(comm, std::move(token))) {}
RemoteOutputs::~RemoteOutputs() { discard(); }

void RemoteOutputs::reserve(const std::string& final_path, bool overwrite, const RemotePlace& place) {
  impl_->add({final_path}, impl_->take_set(final_path, overwrite, false, place));
}

void RemoteOutputs::claim(const std::string& base_path, bool overwrite, const RemotePlace& place) {
  for (const RemoteSet& set : impl_->sets) {
    if (set.base_path == base_path) fail_user("two outputs write {}: give each its own path", base_path);
  }
  impl_->take_set(base_path, overwrite, true, place);
}

void RemoteOutputs::add_files(const std::vector<std::string>& final_paths) {
  impl_->add(final_paths, impl_->set_of(final_paths.front()));
}

std::string RemoteOutputs::hidden(const std::string& final_path) const { return impl_->of(final_path).spooled; }

std::int64_t RemoteOutputs::size_of(const std::string& final_path) const { return impl_->of(final_path).size_bytes; }

bool RemoteOutputs::is_shared() const { return !impl_->spool || impl_->spool->is_shared(); }

std::vector<int> RemoteOutputs::ranks_beside_first() const { return impl_->spool->ranks_beside_first(); }

void RemoteOutputs::prepare() { impl_->prepare(); }

void RemoteOutputs::publish() {
  if (impl_->sets.empty()) return;
  impl_->prepare();
  impl_->make_visible();
  for (RemoteOutput& output : impl_->outputs) output.upload.clear();
  impl_->over = true;
  impl_->comm.agree([&] {
    if (impl_->comm.is_root()) impl_->remove_stale();
  });
  if (impl_->spool) impl_->spool->remove();
}

void RemoteOutputs::discard() noexcept {
  if (impl_->over) return;
  impl_->over = true;
  for (const RemoteOutput& output : impl_->outputs) {
    if (output.upload.empty() || !impl_->comm.is_root()) continue;
    try {
      output.client().abort_upload(output.url, output.upload);
    } catch (const std::exception& error) {
      fmt::print(stderr, "evclean: warning: the upload of {} is left behind: {}\n", output.final_path, error.what());
    }
  }
  if (impl_->spool) impl_->spool->remove();
}

}  // namespace evclean
