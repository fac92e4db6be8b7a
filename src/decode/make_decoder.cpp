// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "access_parser.hpp"
#include "evclean/error.hpp"
#include "evclean/suggest.hpp"
#include "json_preset.hpp"
#include "mixed_parser.hpp"
#include "preset_parsers.hpp"
#include "regex_parser.hpp"
#include "structured.hpp"

namespace evclean {
namespace {

[[noreturn]] void fail_unknown(const std::string& format) {
  std::vector<std::string> names = {"lines", "regex", "csv", "tsv", "json", "auto"};
  for (const PresetFile& file : preset_files()) names.emplace_back(file.name);
  fail_user("unknown format '{}'{}; `evclean formats` lists them", format, did_you_mean(format, names));
}

std::unique_ptr<RecordParser> make_record_parser(const FormatSpec& spec, const std::string& format) {
  if (format == "lines") return make_lines_parser();
  if (format == "regex") return make_regex_parser(spec.patterns);
  const Preset* preset = find_preset(format);
  const bool whole = format == "csv" || format == "tsv" || format == "json" || format == "auto";
  if (whole || (preset != nullptr && preset->kind == PresetKind::kJson)) {
    fail_user(
        "format {0} cannot stand in a list of formats: only formats that are read line by line can; make two tables, "
        "one with format: {0} and the paths that are so (where both are in one file: the same path, and "
        "rejects: {{max: 100%}} for what is the other's)",
        format);
  }
  if (preset == nullptr) fail_unknown(format);
  return make_preset_parser(*preset, spec);
}

void refuse_multiline(const FormatSpec& spec, const std::string& format) {
  if (spec.multiline_start.empty()) return;
  fail_user("multiline: format {} says itself where records end; 'multiline' is for formats that are read line by line",
            format);
}

std::unique_ptr<Decoder> make_mixed_decoder(const FormatSpec& spec) {
  NamedParsers parsers;
  for (const std::string& format : spec.formats) parsers.emplace_back(format, make_record_parser(spec, format));
  return std::make_unique<FramedDecoder>(spec, make_mixed_parser(std::move(parsers), spec.format_column));
}

std::unique_ptr<Decoder> make_preset_decoder(FormatSpec spec, const Preset& preset) {
  if (preset.kind == PresetKind::kJson) refuse_multiline(spec, preset.name);
  if (preset.kind == PresetKind::kJson) return make_json_preset_decoder(preset, spec);
  if (spec.multiline_start.empty()) spec.multiline_start = preset.multiline_start;
  return std::make_unique<FramedDecoder>(spec, make_preset_parser(preset, spec));
}

}  // namespace

std::unique_ptr<RecordParser> make_preset_parser(const Preset& preset, const FormatSpec& spec) {
  switch (preset.kind) {
    case PresetKind::kAccess:
      return std::make_unique<AccessParser>(preset.name == "common" ? AccessFormat::kCommon : AccessFormat::kCombined);
    case PresetKind::kPatterns:
      return make_pattern_parser(preset);
    case PresetKind::kFields:
      return make_fields_parser(preset);
    case PresetKind::kDirectives:
      return make_directives_parser(preset);
    case PresetKind::kPairs:
    case PresetKind::kLabels:
      return make_pairs_parser(preset, spec.max_columns);
    case PresetKind::kJson:
      break;
  }
  fail_bug("preset {} has no parser of records", preset.name);
}

std::unique_ptr<Decoder> make_decoder(const FormatSpec& spec, const std::string& format) {
  if (spec.formats.size() > 1) return make_mixed_decoder(spec);
  if (format == "csv" || format == "tsv" || format == "json") refuse_multiline(spec, format);
  if (format == "csv" || format == "tsv") return make_csv_decoder(spec, format == "tsv");
  if (format == "json") return make_json_decoder(spec);
  if (format == "combined") return make_access_decoder(spec, AccessFormat::kCombined);
  if (format == "common") return make_access_decoder(spec, AccessFormat::kCommon);
  if (format == "lines") return std::make_unique<FramedDecoder>(spec, make_lines_parser());
  if (format == "regex") return std::make_unique<FramedDecoder>(spec, make_regex_parser(spec.patterns));
  const Preset* preset = find_preset(format);
  if (preset == nullptr) fail_unknown(format);
  return make_preset_decoder(spec, *preset);
}

}  // namespace evclean
