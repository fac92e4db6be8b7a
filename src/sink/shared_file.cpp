// SPDX-License-Identifier: Apache-2.0
#include "shared_file.hpp"

#include <algorithm>
#include <cstring>

#include "evclean/descriptor.hpp"

namespace evclean {
namespace {

/// Tails on their way to the ranks that merge them, per round and rank: bounds what must be held at once.
constexpr std::int64_t kRoundBytes = std::int64_t{2} << 20;

template <typename T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

template <typename T>
void append_values(std::string_view bytes, std::vector<T>& values) {
  const std::size_t before = values.size();
  values.resize(before + bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(values.data() + before, bytes.data(), bytes.size());
}

template <typename T>
std::vector<T> all_gather_values(const Comm& comm, const std::vector<T>& mine) {
  std::vector<T> all;
  for (const std::string& bytes : comm.all_gather(bytes_of(mine))) append_values(bytes, all);
  return all;
}

void pack(std::string& out, std::int64_t part, std::string_view bytes) {
  const std::int64_t head[2] = {part, static_cast<std::int64_t>(bytes.size())};
  out.append(reinterpret_cast<const char*>(head), sizeof head);
  out.append(bytes);
}

void unpack(std::string_view in, std::map<std::int64_t, std::string>& tails) {
  while (!in.empty()) {
    std::int64_t head[2];
    std::memcpy(head, in.data(), sizeof head);
    in.remove_prefix(sizeof head);
    tails[head[0]] = std::string(in.substr(0, static_cast<std::size_t>(head[1])));
    in.remove_prefix(static_cast<std::size_t>(head[1]));
  }
}

}  // namespace

SharedFile::SharedFile(const Comm& comm, const SinkOptions& options, std::int64_t merge_size)
    : comm_(comm),
      merge_size_(merge_size),
      blocks_(options.memory_bytes / 4, options.scratch_dir),
      tails_(options.memory_bytes / 32, options.scratch_dir),
      merged_(options.memory_bytes / 32, options.scratch_dir) {}

void SharedFile::add_block(std::int64_t part, std::string_view bytes) { blocks_.append(part, bytes); }

void SharedFile::end_part(std::int64_t part, std::int64_t rows, std::string_view tail, std::int64_t tail_size) {
  if (!tail.empty()) tails_.append(part, tail);
  parts_[part] = {part, comm_.rank(), rows, blocks_.size(part), static_cast<std::int64_t>(tail.size()), tail_size};
}

void SharedFile::drop_part(std::int64_t part) {
  blocks_.drop(part);
  tails_.drop(part);
  parts_.erase(part);
}

std::vector<PartInfo> SharedFile::gather_parts() const {
  std::vector<PartInfo> mine;
  for (const auto& [number, info] : parts_) mine.push_back(info);
  std::vector<PartInfo> all = all_gather_values(comm_, mine);
  std::sort(all.begin(), all.end(), [](const PartInfo& a, const PartInfo& b) { return a.part < b.part; });
  for (std::size_t i = 1; i < all.size(); ++i) {
    EVCLEAN_CHECK(all[i - 1].part != all[i].part, "part {} is on ranks {} and {}", all[i].part, all[i - 1].rank,
                  all[i].rank);
  }
  return all;
}

std::map<std::int64_t, std::string> SharedFile::fetch_tails(const std::vector<PartInfo>& parts,
                                                            const std::vector<Stretch>& plan, std::size_t begin,
                                                            std::size_t end) const {
  std::map<std::int64_t, std::string> tails;
  std::vector<std::string> outgoing(static_cast<std::size_t>(comm_.size()));
  bool moves = false;
  comm_.agree([&] {
    for (std::size_t s = begin; s < end; ++s) {
      for (std::size_t i = plan[s].first; plan[s].merged && i <= plan[s].last; ++i) {
        if (parts[i].tail_bytes == 0) continue;
        const bool here = parts[i].rank == comm_.rank();
        const bool stays = parts[i].rank == plan[s].owner;
        moves = moves || !stays;
        if (here && stays) tails[parts[i].part] = tails_.read(parts[i].part);
        if (here && !stays)
          pack(outgoing[static_cast<std::size_t>(plan[s].owner)], parts[i].part, tails_.read(parts[i].part));
      }
    }
  });
  if (!moves) return tails;
  for (const std::string& incoming : comm_.all_to_all(outgoing)) unpack(incoming, tails);
  return tails;
}

void SharedFile::merge_tails(const std::vector<PartInfo>& parts, const std::vector<Stretch>& plan, const Merge& merge) {
  for (std::size_t begin = 0; begin < plan.size();) {
    std::size_t end = begin;
    for (std::int64_t bytes = 0; end < plan.size() && bytes < kRoundBytes * comm_.size(); ++end) {
      for (std::size_t i = plan[end].first; plan[end].merged && i <= plan[end].last; ++i) bytes += parts[i].tail_bytes;
    }
    auto tails = fetch_tails(parts, plan, begin, end);
    comm_.agree([&] {
      for (std::size_t s = begin; s < end; ++s) {
        if (!plan[s].merged || plan[s].owner != comm_.rank()) continue;
        std::vector<std::string> run;
        for (std::size_t i = plan[s].first; i <= plan[s].last; ++i) {
          if (parts[i].tail_bytes > 0) run.push_back(std::move(tails.at(parts[i].part)));
        }
        merged_.append(parts[plan[s].first].part, merge(parts[plan[s].first].part, run));
      }
    });
    begin = end;
  }
}

FileLayout SharedFile::place(const std::vector<PartInfo>& parts, const std::vector<Stretch>& plan,
                             std::int64_t offset) const {
  std::vector<std::int64_t> mine;  // pairs of stretch number and bytes
  for (std::size_t s = 0; s < plan.size(); ++s) {
    if (!plan[s].merged || plan[s].owner != comm_.rank()) continue;
    mine.push_back(static_cast<std::int64_t>(s));
    mine.push_back(merged_.size(parts[plan[s].first].part));
  }
  std::map<std::int64_t, std::int64_t> sizes;
  const std::vector<std::int64_t> all = all_gather_values(comm_, mine);
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) sizes[all[i]] = all[i + 1];
  FileLayout layout;
  for (const PartInfo& part : parts) layout.rows += part.rows;
  for (std::size_t s = 0; s < plan.size(); ++s) {
    const PartInfo& part = parts[plan[s].first];
    const std::int64_t size = plan[s].merged ? sizes.at(static_cast<std::int64_t>(s)) : part.block_bytes;
    if (plan[s].owner == comm_.rank()) layout.mine.push_back({part.part, plan[s].merged, offset, size});
    offset += size;
  }
  layout.end_bytes = offset;
  return layout;
}

FileLayout SharedFile::settle(std::int64_t first_offset, const Merge& merge) {
  const std::vector<PartInfo> parts = gather_parts();
  const std::vector<Stretch> plan = plan_stretches(parts, merge_size_);
  merge_tails(parts, plan, merge);
  return place(parts, plan, first_offset);
}

void SharedFile::write(const FileLayout& layout, const std::string& hidden, const std::string& shown) const {
  if (layout.mine.empty()) return;
  Descriptor file = open_for_writing(hidden, shown);
  for (const PlacedStretch& stretch : layout.mine) {
    (stretch.merged ? merged_ : blocks_).copy_to(stretch.part, file.get(), stretch.offset, shown);
    start_writeback(file.get(), stretch.offset, stretch.size_bytes);
  }
  close_checked(std::move(file), shown);
}

}  // namespace evclean
