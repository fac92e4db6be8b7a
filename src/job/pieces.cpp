// SPDX-License-Identifier: Apache-2.0
#include "pieces.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "environment.hpp"
#include "evclean/s3_settings.hpp"
#include "evclean/suggest.hpp"
#include "named_steps.hpp"
#include "piece_parts.hpp"
#include "scalar.hpp"

namespace evclean::job {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostPieces = 200;
constexpr std::size_t kMostPieceBytes = 16 << 20;

/// Reads files and those that they use, each once.
class PieceLoader {
 public:
  PieceLoader(const std::string& job_path, const PieceReader& read, Problems& problems)
      : job_folder_(fs::path(job_path).parent_path()),
        job_file_(fs::path(job_path).filename().string()),
        read_(read),
        problems_(problems) {}

  /// What the files under a node's `use` have, and takes `use` off it. `folder` is where the node's file is.
  PieceParts take_used(YamlNode& node, const fs::path& folder) {
    PieceParts all;
    const auto at = std::find_if(node.keys.begin(), node.keys.end(), [](const YamlNode& k) { return k.text == "use"; });
    if (at == node.keys.end()) return all;
    const auto index = at - node.keys.begin();
    YamlNode use = std::move(node.items[static_cast<std::size_t>(index)]);
    node.keys.erase(at);
    node.items.erase(node.items.begin() + index);
    expand_environment(use, problems_);
    if (!use.is_scalar() && !use.is_list()) {
      problems_.report(use, "use takes the path of a file, or a list of them, not {}", kind_words(use));
      return all;
    }
    for (const YamlNode& item : use.is_list() ? use.items : std::vector<YamlNode>{use}) {
      const auto path = read_path(item, "use", problems_);
      if (path && !path->value.empty()) all.add_beside(load(path->value, item, folder), node, problems_);
    }
    return all;
  }

  std::vector<std::shared_ptr<const JobPiece>> take_files() { return std::move(files_); }

 private:
  PieceParts load(const std::string& written, const YamlNode& at, const fs::path& folder) {
    if (is_s3_path(written)) {
      problems_.report(at, "use: {} is on S3, and pieces are files beside the job", written);
      return {};
    }
    const std::string name = (folder / written).lexically_normal().string();
    if (const auto known = loaded_.find(name); known != loaded_.end()) return known->second;
    if (name == job_file_ || std::find(open_.begin(), open_.end(), name) != open_.end()) {
      problems_.report(at, "files use each other in a circle: {} uses {}", fmt::join(circle(name), " uses "), name);
      return {};
    }
    open_.push_back(name);
    PieceParts parts = read_file(name, written, at);
    open_.pop_back();
    return loaded_[name] = std::move(parts);
  }

  std::vector<std::string> circle(const std::string& name) const {
    std::vector<std::string> names(std::find(open_.begin(), open_.end(), name), open_.end());
    if (name == job_file_) names = open_;
    if (name == job_file_) names.insert(names.begin(), job_file_);
    return names;
  }

  PieceParts read_file(const std::string& name, const std::string& written, const YamlNode& at) {
    const std::string path = fs::path(name).is_absolute() ? name : (job_folder_ / name).lexically_normal().string();
    if (files_.size() >= kMostPieces) {
      problems_.report(at, "use: more than {} files", kMostPieces);
      return {};
    }
    const auto text = read_ ? read_(path) : std::nullopt;
    if (!text || text->size() > kMostPieceBytes) {
      problems_.report(at, "use: cannot read '{}' ({}){}", printable(written, 100), path,
                       text ? ": it is too large for a job file" : ": is it a file, relative to the one that uses it?");
      return {};
    }
    const auto piece = std::make_shared<const JobPiece>(JobPiece{path, fs::path(name).parent_path().string()});
    files_.push_back(piece);
    std::vector<JobProblem> found;
    auto tree = read_yaml(*text, found);
    for (JobProblem& problem : found) {
      problem.place.piece = piece.get();
      problems_.add(problem.place, std::move(problem.message));
    }
    if (!tree || tree->is_null()) {
      if (found.empty()) problems_.add({1, 1, piece.get()}, "the file is empty");
      return {};
    }
    mark(*tree, piece.get());
    if (!tree->is_map()) {
      problems_.report(*tree, "a file that is used is a map with tables, functions, steps, s3 or resources, not {}",
                       kind_words(*tree));
      return {};
    }
    PieceParts used = take_used(*tree, fs::path(name).parent_path());
    PieceParts own = parts_of(*tree, problems_);
    own.add_below(std::move(used));
    return own;
  }

  static void mark(YamlNode& node, const JobPiece* piece) {
    node.place.piece = piece;
    for (YamlNode& key : node.keys) mark(key, piece);
    for (YamlNode& item : node.items) mark(item, piece);
  }

  fs::path job_folder_;
  std::string job_file_;
  const PieceReader& read_;
  Problems& problems_;
  std::map<std::string, PieceParts> loaded_;
  std::vector<std::string> open_;
  std::vector<std::shared_ptr<const JobPiece>> files_;
};

}  // namespace

std::vector<std::shared_ptr<const JobPiece>> merge_pieces(YamlNode& root, const std::string& job_path,
                                                          const PieceReader& read, Problems& problems) {
  if (!root.is_map()) return {};
  PieceLoader loader(job_path, read, problems);
  PieceParts parts = loader.take_used(root, {});
  parts.put_into(root);
  NamedSteps(parts.steps, problems).write_out(root);
  return loader.take_files();
}

std::string path_from_job(const std::string& path, const JobPlace& place) {
  if (!place.piece || place.piece->folder.empty()) return path;
  const bool list = path.starts_with('@');
  const std::string plain = path.substr(list ? 1 : 0);
  if (plain.empty() || plain.front() == '/' || is_s3_path(plain)) return path;
  return (list ? "@" : "") + place.piece->folder + "/" + plain;
}

}  // namespace evclean::job
