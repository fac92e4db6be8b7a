// SPDX-License-Identifier: Apache-2.0
#include "file_set.hpp"

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

FileSet::FileSet(const FileTarget& target, const Comm& comm, const SinkOptions& options, std::int64_t merge_size)
    : target_(target),
      comm_(comm),
      merge_size_(merge_size),
      blocks_(options.memory_bytes / 4, options.scratch_dir),
      tails_(options.memory_bytes / 32, options.scratch_dir),
      merged_(options.memory_bytes / 32, options.scratch_dir) {}

void FileSet::add_block(int group, std::int64_t part, std::string_view bytes, std::int64_t rows) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  blocks_.append(slot_of(group, part), bytes);
  Entry& entry = own_[part][group];
  entry.blocks.push_back({size, rows});
  entry.info.block_bytes += size;
  entry.info.rows += rows;
}

void FileSet::end_part(int group, std::int64_t part, std::string_view tail, std::int64_t tail_size,
                       std::int64_t tail_rows) {
  if (!tail.empty()) tails_.append(slot_of(group, part), tail);
  PartInfo& info = own_[part][group].info;
  info.tail_bytes = static_cast<std::int64_t>(tail.size());
  info.tail_size = tail_size;
  info.tail_rows = tail_rows;
  info.rows += tail_rows;
}

void FileSet::drop_part(std::int64_t part) {
  const auto found = own_.find(part);
  if (found == own_.end()) return;
  for (const auto& [group, entry] : found->second) {
    blocks_.drop(slot_of(group, part));
    tails_.drop(slot_of(group, part));
  }
  own_.erase(found);
}

std::vector<int> FileSet::agree_on_groups() {
  std::set<int> in_use = needed_;
  for (const auto& [part, groups] : own_) {
    for (const auto& [group, entry] : groups) in_use.insert(group);
  }
  return order_ = target_.groups->agree(in_use, comm_);
}

void FileSet::gather_parts() {
  std::map<int, std::int64_t> index;  // of groups in the agreed order
  for (std::size_t g = 0; g < order_.size(); ++g) index[order_[g]] = static_cast<std::int64_t>(g);
  std::vector<PartInfo> mine;
  std::vector<std::int64_t> my_blocks;  // their number, then bytes and rows of each
  for (auto& [part, groups] : own_) {
    for (auto& [group, entry] : groups) {
      entry.info.part = part;
      entry.info.rank = comm_.rank();
      entry.info.group = index.at(group);
      mine.push_back(entry.info);
      my_blocks.push_back(static_cast<std::int64_t>(entry.blocks.size()));
      for (const BlockInfo& block : entry.blocks) my_blocks.insert(my_blocks.end(), {block.bytes, block.rows});
    }
  }
  const std::vector<PartInfo> all = all_gather_values(comm_, mine);
  const std::vector<std::int64_t> all_blocks = all_gather_values(comm_, my_blocks);
  std::vector<std::pair<PartInfo, std::size_t>> sorted;  // with where its blocks stand
  std::size_t at = 0;
  for (const PartInfo& info : all) {
    sorted.emplace_back(info, at);
    at += 1 + 2 * static_cast<std::size_t>(all_blocks[at]);
  }
  const auto key = [](const auto& entry) { return std::pair(entry.first.group, entry.first.part); };
  std::sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const PartInfo& info = sorted[i].first;
    EVCLEAN_CHECK(i == 0 || key(sorted[i - 1]) != key(sorted[i]), "part {} is on ranks {} and {}", info.part,
                  parts_.back().rank, info.rank);
    parts_.push_back(info);
    std::vector<BlockInfo>& blocks = part_blocks_.emplace_back();
    const std::int64_t* from = all_blocks.data() + sorted[i].second;
    for (std::int64_t b = 0; b < *from; ++b) blocks.push_back({from[1 + 2 * b], from[2 + 2 * b]});
  }
}

std::map<std::int64_t, std::string> FileSet::fetch_tails(const std::vector<Stretch>& plan, std::size_t begin,
                                                         std::size_t end) const {
  std::map<std::int64_t, std::string> tails;  // by index in parts_
  std::vector<std::string> outgoing(static_cast<std::size_t>(comm_.size()));
  bool moves = false;
  comm_.agree([&] {
    for (std::size_t s = begin; s < end; ++s) {
      for (std::size_t i = plan[s].first; plan[s].merged && i <= plan[s].last; ++i) {
        if (parts_[i].tail_bytes == 0) continue;
        const bool here = parts_[i].rank == comm_.rank();
        const bool stays = parts_[i].rank == plan[s].owner;
        moves = moves || !stays;
        if (here && stays) tails[static_cast<std::int64_t>(i)] = tails_.read(slot(parts_[i]));
        if (here && !stays)
          pack(outgoing[static_cast<std::size_t>(plan[s].owner)], static_cast<std::int64_t>(i),
               tails_.read(slot(parts_[i])));
      }
    }
  });
  if (!moves) return tails;
  for (const std::string& incoming : comm_.all_to_all(outgoing)) unpack(incoming, tails);
  return tails;
}

void FileSet::merge_tails(const std::vector<Stretch>& plan, const Merge& merge) {
  for (std::size_t begin = 0; begin < plan.size();) {
    std::size_t end = begin;
    for (std::int64_t bytes = 0; end < plan.size() && bytes < kRoundBytes * comm_.size(); ++end) {
      for (std::size_t i = plan[end].first; plan[end].merged && i <= plan[end].last; ++i) bytes += parts_[i].tail_bytes;
    }
    auto tails = fetch_tails(plan, begin, end);
    comm_.agree([&] {
      for (std::size_t s = begin; s < end; ++s) {
        if (!plan[s].merged || plan[s].owner != comm_.rank()) continue;
        std::vector<std::string> run;
        for (std::size_t i = plan[s].first; i <= plan[s].last; ++i) {
          if (parts_[i].tail_bytes > 0) run.push_back(std::move(tails.at(static_cast<std::int64_t>(i))));
        }
        const PartInfo& first = parts_[plan[s].first];
        const int group = order_[static_cast<std::size_t>(first.group)];
        merged_.append(slot(first), merge(group, first.part, run));
      }
    });
    begin = end;
  }
}

std::map<std::size_t, std::int64_t> FileSet::merged_sizes(const std::vector<Stretch>& plan) const {
  std::vector<std::int64_t> mine;  // pairs of stretch number and bytes
  for (std::size_t s = 0; s < plan.size(); ++s) {
    if (!plan[s].merged || plan[s].owner != comm_.rank()) continue;
    mine.push_back(static_cast<std::int64_t>(s));
    mine.push_back(merged_.size(slot(parts_[plan[s].first])));
  }
  std::map<std::size_t, std::int64_t> sizes;
  const std::vector<std::int64_t> all = all_gather_values(comm_, mine);
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) sizes[static_cast<std::size_t>(all[i])] = all[i + 1];
  return sizes;
}

CutPlan FileSet::cut(const std::vector<Stretch>& plan, const HeadSizes& heads) const {
  const std::map<std::size_t, std::int64_t> sizes = merged_sizes(plan);
  std::vector<std::int64_t> groups;
  std::vector<std::vector<BlockInfo>> blocks;
  for (std::size_t s = 0; s < plan.size(); ++s) {
    groups.push_back(parts_[plan[s].first].group);
    if (!plan[s].merged) {
      blocks.push_back(part_blocks_[plan[s].first]);
      continue;
    }
    std::int64_t rows = 0;
    for (std::size_t i = plan[s].first; i <= plan[s].last; ++i)
      rows += parts_[i].tail_bytes > 0 ? parts_[i].tail_rows : 0;
    blocks.push_back({{sizes.at(s), rows}});
  }
  return cut_files(groups, blocks,
                   {heads.first, heads.next, target_.spec.file_size_bytes, static_cast<std::int64_t>(order_.size())});
}

SetLayout FileSet::place(const std::vector<Stretch>& plan, const CutPlan& cut) {
  SetLayout layout;
  std::map<std::int64_t, std::int64_t> counts;  // files of a group
  for (const FilePlan& file : cut.files) ++counts[file.group];
  for (const FilePlan& file : cut.files) {
    const int group = order_[static_cast<std::size_t>(file.group)];
    const std::int64_t count = target_.spec.file_size_bytes > 0 ? counts[file.group] : 0;
    SetFile made{group, file.number == 0, {}, {}, file.rows, file.end_bytes};
    made.final_path = group_file_name(target_.spec, (*target_.groups)[group], file.number, count);
    layout.files.push_back(std::move(made));
  }
  for (const Piece& piece : cut.pieces) {
    const Stretch& stretch = plan[piece.stretch];
    if (stretch.owner != comm_.rank()) continue;
    const PartInfo& first = parts_[stretch.first];
    layout.mine.push_back({piece.file, order_[static_cast<std::size_t>(first.group)], first.part, stretch.merged,
                           piece.first_block, piece.blocks, piece.offset, piece.skip, piece.size_bytes});
  }
  return layout;
}

SetLayout FileSet::settle(const HeadSizes& heads, const Merge& merge) {
  gather_parts();
  const std::vector<Stretch> plan = plan_stretches(parts_, merge_size_);
  merge_tails(plan, merge);
  SetLayout layout = place(plan, cut(plan, heads));
  if (names_depend_on_data(target_.spec)) {
    std::vector<std::string> names;
    for (const SetFile& file : layout.files) names.push_back(file.final_path);
    target_.publisher->add_files(names, target_.spec.overwrite);
  }
  for (SetFile& file : layout.files) file.hidden_path = target_.publisher->hidden(file.final_path);
  return layout;
}

void FileSet::write(const SetLayout& layout) const {
  Descriptor file;
  std::size_t open = layout.files.size();
  for (const PlacedPiece& piece : layout.mine) {
    const SetFile& to = layout.files[piece.file];
    if (piece.file != open) {
      if (file) close_checked(std::move(file), layout.files[open].final_path);
      file = open_for_writing(to.hidden_path, to.final_path);
      open = piece.file;
    }
    (piece.merged ? merged_ : blocks_)
        .copy_range(slot_of(piece.group, piece.part), piece.skip, piece.size_bytes, file.get(), piece.offset,
                    to.final_path);
    start_writeback(file.get(), piece.offset, piece.size_bytes);
  }
  if (file) close_checked(std::move(file), layout.files[open].final_path);
}

}  // namespace evclean
