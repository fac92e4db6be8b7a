// SPDX-License-Identifier: Apache-2.0
#include "piece_parts.hpp"

#include <algorithm>

#include "evclean/suggest.hpp"
#include "map_reader.hpp"

namespace evclean::job {
namespace {

constexpr std::string_view kJobOnly[] = {"job", "input", "output", "tests"};

bool same_place(const JobPlace& a, const JobPlace& b) {
  return a.piece == b.piece && a.line == b.line && a.column == b.column;
}

void add_new(NamedNodes& to, NamedNodes from) {
  for (auto& named : from) {
    if (find_named(to, named.first.text) == nullptr) to.push_back(std::move(named));
  }
}

/// Whether a file says itself what a name of a section is.
bool says(const YamlNode& file, std::string_view section, const std::string& name) {
  const YamlNode* const node = file.find(section);
  return node != nullptr && (section == "s3" || (node->is_map() && node->find(name) != nullptr));
}

struct Beside {
  const YamlNode& user;
  Problems& problems;

  void add(NamedNodes& to, NamedNodes from, std::string_view section, std::string_view what) const {
    for (auto& named : from) {
      const auto* const known = find_named(to, named.first.text);
      if (known == nullptr) {
        to.push_back(std::move(named));
      } else if (!same_place(known->first.place, named.first.place) && !says(user, section, named.first.text)) {
        problems.report(named.first,
                        "{} '{}' is in {} too: two files of one use have it; the file that uses them may say it", what,
                        printable(named.first.text, 60), known->first.place.in(""));
      }
    }
  }
};

NamedNodes section(MapReader& map, const char* key, const char* shape, Problems& problems) {
  NamedNodes named;
  const YamlNode* const node = map.take(key);
  if (node == nullptr || node->is_null()) return named;
  if (!node->is_map()) {
    problems.report(*node, "{} of a file that is used is {}, not {}", key, shape, kind_words(*node));
    return named;
  }
  for (std::size_t i = 0; i < node->keys.size(); ++i) named.emplace_back(node->keys[i], node->items[i]);
  return named;
}

void put_section(YamlNode& job, std::string_view key, const NamedNodes& parts) {
  if (parts.empty()) return;
  YamlNode* section = job.find(key);
  if (section == nullptr) {
    YamlNode name;
    name.kind = YamlNode::Kind::kScalar;
    name.text = key;
    name.place = parts.front().first.place;
    job.keys.push_back(std::move(name));
    section = &job.items.emplace_back();
    section->place = parts.front().first.place;
  }
  if (section->is_null()) section->kind = YamlNode::Kind::kMap;
  if (!section->is_map()) return;  // its own mistake
  for (const auto& [name, value] : parts) {
    if (section->find(name.text) != nullptr) continue;
    section->keys.push_back(name);
    section->items.push_back(value);
  }
}

}  // namespace

const std::pair<YamlNode, YamlNode>* find_named(const NamedNodes& nodes, std::string_view name) {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const auto& node) { return node.first.text == name; });
  return found == nodes.end() ? nullptr : &*found;
}

void PieceParts::add_beside(PieceParts other, const YamlNode& user, Problems& problems) {
  const Beside beside{user, problems};
  beside.add(tables, std::move(other.tables), "tables", "the table");
  beside.add(functions, std::move(other.functions), "functions", "the function");
  beside.add(steps, std::move(other.steps), "steps", "the name of steps");
  beside.add(resources, std::move(other.resources), "resources", "the resource");
  beside.add(s3, std::move(other.s3), "s3", "the block");
}

void PieceParts::add_below(PieceParts used) {
  add_new(tables, std::move(used.tables));
  add_new(functions, std::move(used.functions));
  add_new(steps, std::move(used.steps));
  add_new(resources, std::move(used.resources));
  add_new(s3, std::move(used.s3));
}

void PieceParts::put_into(YamlNode& job) const {
  put_section(job, "tables", tables);
  put_section(job, "functions", functions);
  put_section(job, "resources", resources);
  // The nearest block of S3 settings counts as a whole.
  if (s3.empty() || job.find("s3") != nullptr) return;
  job.keys.push_back(s3.front().first);
  job.items.push_back(s3.front().second);
}

PieceParts parts_of(const YamlNode& piece, Problems& problems) {
  PieceParts parts;
  MapReader map(piece, "the file", problems);
  parts.tables = section(map, "tables", "a map of name to table", problems);
  parts.functions = section(map, "functions", "a map of head to expression", problems);
  parts.steps = section(map, "steps", "a map of name to steps", problems);
  parts.resources = section(map, "resources", "a map", problems);
  if (const YamlNode* const s3 = map.take("s3"); s3 != nullptr && !s3->is_null()) {
    for (std::size_t i = 0; i < piece.keys.size(); ++i) {
      if (piece.keys[i].text == "s3") parts.s3.emplace_back(piece.keys[i], *s3);
    }
  }
  for (const std::string_view key : kJobOnly) {
    if (map.take(key) == nullptr) continue;
    const auto at =
        std::find_if(piece.keys.begin(), piece.keys.end(), [&](const YamlNode& k) { return k.text == key; });
    problems.report(
        *at, "{} belongs into the job: a file that is used has tables, functions, steps, s3, resources and use", key);
  }
  map.finish();
  return parts;
}

}  // namespace evclean::job
