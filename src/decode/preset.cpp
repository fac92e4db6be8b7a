// SPDX-License-Identifier: Apache-2.0
// The one place that reads the preset files.
#include "preset.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>

#include "evclean/error.hpp"

namespace evclean {
namespace {

PresetKind kind_of(const std::string& word) {
  static const std::map<std::string, PresetKind> kKinds = {
      {"access", PresetKind::kAccess}, {"patterns", PresetKind::kPatterns},
      {"fields", PresetKind::kFields}, {"directives", PresetKind::kDirectives},
      {"pairs", PresetKind::kPairs},   {"labels", PresetKind::kLabels},
      {"json", PresetKind::kJson}};
  const auto found = kKinds.find(word);
  if (found == kKinds.end()) fail_bug("no kind of preset is called {}", word);
  return found->second;
}

std::vector<std::string> texts(const YAML::Node& node) {
  std::vector<std::string> out;
  if (node.IsScalar()) return {node.as<std::string>()};
  for (const YAML::Node& item : node) out.push_back(item.as<std::string>());
  return out;
}

CellType cell_type(const std::string& name, const std::string& type, const YAML::Node& times) {
  const auto known = type_from_name(type);
  if (!known) fail_bug("no type is called {}", type);
  CellType cell{{name, true, *known}, {}};
  if (times && times[name]) cell.formats = texts(times[name]);
  return cell;
}

/// Where the fields stand, ascending.
std::vector<std::size_t> places_of(const YAML::Node& fields, const std::vector<CellType>& cells) {
  const std::vector<std::string> names = texts(fields);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (std::find(names.begin(), names.end(), cells[i].column.name) != names.end()) places.push_back(i);
  }
  return places;
}

void note_durations(const YAML::Node& durations, std::vector<CellType>& cells) {
  const std::vector<std::string> names = texts(durations);
  for (CellType& cell : cells) cell.duration = std::find(names.begin(), names.end(), cell.column.name) != names.end();
}

/// fields: [a, b], or the keys of types: {a: int64}.
std::vector<CellType> read_types(const YAML::Node& root) {
  std::vector<CellType> cells;
  const YAML::Node types = root["types"];
  const auto type_of = [&](const std::string& name) {
    return types && types[name] ? types[name].as<std::string>() : std::string("string");
  };
  if (root["fields"]) {
    for (const std::string& name : texts(root["fields"]))
      cells.push_back(cell_type(name, type_of(name), root["times"]));
  } else if (types) {
    for (const auto& entry : types) {
      const auto name = entry.first.as<std::string>();
      cells.push_back(cell_type(name, entry.second.as<std::string>(), root["times"]));
    }
  }
  return cells;
}

PresetSample read_sample(const YAML::Node& node) {
  PresetSample sample;
  sample.line = node["line"].as<std::string>();
  if (node["reject"]) {
    sample.reject = true;
    sample.reason = node["reject"].as<std::string>();
  }
  if (node["blank"]) sample.blank = node["blank"].as<bool>();
  for (const auto& entry : node["expect"]) {
    const bool missing = entry.second.IsNull();
    sample.expect.emplace_back(entry.first.as<std::string>(),
                               missing ? std::nullopt : std::optional(entry.second.as<std::string>()));
  }
  return sample;
}

Preset read_nodes(const std::string& name, const YAML::Node& root) {
  Preset preset;
  preset.name = name;
  preset.about = root["about"].as<std::string>();
  preset.version = root["version"].as<int>();
  preset.kind = kind_of(root["kind"].as<std::string>());
  if (root["patterns"]) preset.patterns = texts(root["patterns"]);
  if (root["unescape"]) preset.unescape = texts(root["unescape"]);
  if (root["separator"]) preset.separator = root["separator"].as<std::string>().at(0);
  if (root["separator_repeats"]) preset.separator_repeats = root["separator_repeats"].as<bool>();
  if (root["least_fields"]) preset.least_fields = root["least_fields"].as<std::size_t>();
  if (root["default_fields"]) preset.default_fields = root["default_fields"].as<std::size_t>();
  if (root["header"]) preset.header = root["header"].as<bool>();
  if (root["records"]) preset.records = root["records"].as<std::string>();
  if (root["multiline"]) preset.multiline_start = root["multiline"].as<std::string>();
  if (root["head"]) preset.head = root["head"].as<std::string>();
  preset.types = read_types(root);
  if (root["quoted"]) preset.quoted = places_of(root["quoted"], preset.types);
  if (root["durations"]) note_durations(root["durations"], preset.types);
  for (const YAML::Node& sample : root["samples"]) preset.samples.push_back(read_sample(sample));
  return preset;
}

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

Preset read_preset(const std::string& name, const std::string& text) {
  try {
    return read_nodes(name, YAML::Load(text));
  } catch (const YAML::Exception& error) {
    fail_bug("formats/{}.yml: {}", name, error.what());
  }
}

const Preset* find_preset(const std::string& name) {
  static std::map<std::string, Preset> known;
  const auto found = known.find(name);
  if (found != known.end()) return &found->second;
  for (const PresetFile& file : preset_files()) {
    if (name == file.name) return &known.emplace(name, read_preset(name, file.text)).first->second;
  }
  return nullptr;
}

std::string column_name(std::string_view vendor_name) {
  std::string name;
  for (char c : vendor_name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    // Letters beyond ASCII stay: they are letters, and the name must stay UTF-8.
    if (is_plain(c) || (static_cast<unsigned char>(c) & 0x80) != 0) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name.empty() ? "_" : name;
}

}  // namespace evclean
