// SPDX-License-Identifier: Apache-2.0
#include "replay.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "evclean/function.hpp"
#include "evclean/suggest.hpp"
#include "kept_text.hpp"
#include "table_input.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kNearBytes = 1 << 20;  // rejects so near are read in one go
constexpr std::size_t kMostSegments = 256;    // of a split

/// out/events.csv.zst to out/events-replay.csv.zst, out/parts/ to out/parts-replay/.
std::string replayed(const std::string& path) {
  if (path.empty()) return path;
  if (path.back() == '/') return path.substr(0, path.size() - 1) + "-replay/";
  const std::size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  std::size_t end = path.size();
  for (const std::string_view codec : {".gz", ".zst"}) {
    if (path.size() > name + codec.size() && std::string_view(path).substr(path.size() - codec.size()) == codec)
      end = path.size() - codec.size();
  }
  const std::size_t dot = path.rfind('.', end - 1);
  const std::size_t at = dot == std::string::npos || dot <= name ? end : dot;
  return path.substr(0, at) + "-replay" + path.substr(at);
}

bool same_path(const std::string& a, const std::string& b) {
  if (is_s3_path(a) || is_s3_path(b)) return a == b;
  std::error_code ignored;
  return !a.empty() && fs::weakly_canonical(fs::absolute(a), ignored) == fs::weakly_canonical(fs::absolute(b), ignored);
}

using Places = std::map<std::string, std::vector<RejectedPlace>>;

Places read_rejects(const std::string& path, const S3Settings& s3, std::int64_t& rows) {
  const auto text = read_kept("--replay", path, s3);
  if (!text) fail_user("--replay: cannot read '{}': it is not there", path);
  std::istringstream file(*text);
  Places places;
  std::int64_t count = 0;
  for (std::string line; std::getline(file, line);) {
    ++count;
    const auto name = functions::json_get(line, "file");
    const RejectedPlace place{kept_number(line, "byte_offset"), kept_number(line, "line")};
    if (!name || place.byte_offset < 0 || place.line < 1) {
      fail_user("--replay: line {} of '{}' is not a reject that evclean wrote: '{}'", count, path, printable(line, 60));
    }
    if (functions::json_get(line, "detail").value_or("").find(kRowOfARecord) != std::string::npos) {
      ++rows;
      continue;
    }
    places[*name].push_back(place);
  }
  return places;
}

/// In order, each once: a record may be rejected in several rows.
void settle_places(std::vector<RejectedPlace>& places) {
  std::sort(places.begin(), places.end(),
            [](const RejectedPlace& a, const RejectedPlace& b) { return a.byte_offset < b.byte_offset; });
  const auto same = [](const RejectedPlace& a, const RejectedPlace& b) { return a.byte_offset == b.byte_offset; };
  places.erase(std::unique(places.begin(), places.end(), same), places.end());
}

/// Segments of one file: each begins with a rejected record, and holds those that are near.
void add_segments(std::int32_t number, const TableInput& input, std::vector<SplitSegment>& segments,
                  std::vector<std::int64_t>& lines) {
  const auto f = static_cast<std::size_t>(number);
  const auto& places = input.rejected[f];
  if (!input.files[f].splittable) {
    segments.push_back({number, 0, -1});
    lines.push_back(0);
    return;
  }
  for (std::size_t p = 0; p < places.size(); ++p) {
    const bool near = p > 0 && places[p].byte_offset - places[p - 1].byte_offset < kNearBytes;
    if (!near) {
      segments.push_back({number, places[p].byte_offset, 0});
      lines.push_back(places[p].line - 1);
    }
    segments.back().end = places[p].byte_offset + 1;
  }
}

}  // namespace

Job replay_job(Job job, const std::string& rejects, std::string& table) {
  table = job.tables.empty() ? "" : job.tables.front().name;
  for (OutputSpec& output : job.outputs) output.path = replayed(output.path);
  for (TableSpec& spec : job.tables) {
    if (!spec.input) continue;
    RejectBudget& budget = spec.input->rejects;
    if (same_path(budget.path, rejects) || same_path(replayed(budget.path), rejects)) table = spec.name;
    budget.path = replayed(budget.path);
    budget.share.reset();
    budget.count.reset();
  }
  return job;
}

void choose_rejected(TableInput& input, const std::string& rejects) {
  std::int64_t rows = 0;
  const InputSpec& spec = *input.spec->input;
  Places places = read_rejects(rejects, spec.rejects.s3 ? *spec.rejects.s3 : spec.s3.value_or(S3Settings{}), rows);
  std::vector<InputFile> files;
  std::int64_t records = 0;
  for (InputFile& file : input.files) {
    const auto found = places.find(file.shown);
    if (found == places.end()) continue;
    settle_places(found->second);
    records += static_cast<std::int64_t>(found->second.size());
    if (found->second.back().byte_offset >= file.text_bytes() && file.splittable) {
      fail_user("--replay: {} is shorter than when {} was written: the rejected records are not there any more",
                file.shown, rejects);
    }
    input.rejected.push_back(std::move(found->second));
    files.push_back(std::move(file));
    places.erase(found);
  }
  if (!places.empty()) {
    fail_user("--replay: {} has rejects of '{}', which the input does not list", rejects,
              printable(places.begin()->first, 200));
  }
  input.files = std::move(files);
  input.replays = true;
  input.notes.push_back(fmt::format("replay of {}: {} record{} of {} file{}", rejects, records, records == 1 ? "" : "s",
                                    input.files.size(), input.files.size() == 1 ? "" : "s"));
  if (rows > 0) {
    input.notes.push_back(fmt::format(
        "{} rejects are not replayed: each was one row of several that a record became, and the others may be in the "
        "outputs",
        rows));
  }
}

void cut_rejected(TableInput& input) {
  input.splits.clear();
  std::vector<SplitSegment> segments;
  std::vector<std::int64_t> lines;
  for (std::size_t f = 0; f < input.files.size(); ++f)
    add_segments(static_cast<std::int32_t>(f), input, segments, lines);
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const auto& file = input.files[static_cast<std::size_t>(segments[s].file)];
    const std::int64_t bytes = segments[s].end < 0 ? file.size_bytes : segments[s].end - segments[s].begin;
    const bool full = input.splits.empty() || input.splits.back().segments.size() >= kMostSegments ||
                      input.splits.back().size_bytes + bytes > input.job->resources.chunk_bytes;
    if (full) {
      input.splits.push_back({static_cast<std::int32_t>(input.splits.size()), {}, 0});
      input.segment_lines.emplace_back();
    }
    input.splits.back().segments.push_back(segments[s]);
    input.splits.back().size_bytes += bytes;
    input.segment_lines.back().push_back(lines[s]);
  }
}

void keep_rejected(const std::vector<RejectedPlace>& places, DecodeResult& result) {
  const auto wanted = [&](std::int64_t byte_offset) {
    const auto before = [](const RejectedPlace& place, std::int64_t offset) { return place.byte_offset < offset; };
    const auto found = std::lower_bound(places.begin(), places.end(), byte_offset, before);
    return found != places.end() && found->byte_offset == byte_offset;
  };
  std::vector<std::int32_t> rows;
  for (std::int64_t row = 0; row < result.batch.num_rows; ++row) {
    if (wanted(result.batch.source_offset(row))) rows.push_back(static_cast<std::int32_t>(row));
  }
  result.batch.keep(rows);
  std::erase_if(result.rejects, [&](const Reject& reject) { return !wanted(reject.byte_offset); });
  result.blank = 0;
  result.lines = result.batch.num_rows + static_cast<std::int64_t>(result.rejects.size());
}

}  // namespace evclean
