// SPDX-License-Identifier: Apache-2.0
#include "file_groups.hpp"

#include <cstring>

#include "evclean/sink.hpp"
#include "output_names.hpp"

namespace evclean {
namespace {

void pack(std::string& out, const FileGroup& group) {
  const std::int32_t head[3] = {group.share, group.shares, static_cast<std::int32_t>(group.folder.size())};
  out.append(reinterpret_cast<const char*>(head), sizeof head);
  out += group.folder;
}

void unpack(std::string_view in, std::set<FileGroup>& groups) {
  while (!in.empty()) {
    std::int32_t head[3];
    std::memcpy(head, in.data(), sizeof head);
    in.remove_prefix(sizeof head);
    groups.insert({std::string(in.substr(0, static_cast<std::size_t>(head[2]))), head[0], head[1]});
    in.remove_prefix(static_cast<std::size_t>(head[2]));
  }
}

}  // namespace

int FileGroups::number(const FileGroup& group) {
  const auto [found, is_new] = numbers_.emplace(group, static_cast<int>(numbers_.size()));
  if (is_new) groups_.push_back(&found->first);
  return found->second;
}

std::vector<int> FileGroups::agree(const std::set<int>& in_use, const Comm& comm) {
  std::string mine;
  for (const int number : in_use) pack(mine, (*this)[number]);
  std::set<FileGroup> all;
  for (const std::string& packed : comm.all_gather(mine)) unpack(packed, all);
  std::vector<int> order;
  for (const FileGroup& group : all) order.push_back(number(group));
  return order;
}

std::string group_file_name(const OutputSpec& spec, const FileGroup& group, std::int64_t number, std::int64_t count) {
  const std::string base = output_base(spec);
  OutputName name = split_output_name(base);
  const std::string plain = base.substr(name.folder.size());
  name.folder += group.folder;
  if (group.shares > 0) return numbered_name(name, group.share, group.shares);
  if (count > 0) return numbered_name(name, static_cast<int>(number), static_cast<int>(count));
  return name.folder + plain;
}

}  // namespace evclean
