// SPDX-License-Identifier: Apache-2.0
#include "access_parser.hpp"
#include "evclean/error.hpp"
#include "evclean/suggest.hpp"
#include "regex_parser.hpp"
#include "structured.hpp"

namespace evclean {
namespace {

std::unique_ptr<Decoder> framed(const FormatSpec& spec, std::unique_ptr<RecordParser> parser) {
  return std::make_unique<FramedDecoder>(spec, std::move(parser));
}

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const FormatInfo& info : known_formats()) names.push_back(info.name);
  return names;
}

}  // namespace

std::unique_ptr<Decoder> make_decoder(const FormatSpec& spec, const std::string& format) {
  if (format == "csv" || format == "tsv") return make_csv_decoder(spec, format == "tsv");
  if (format == "json") return make_json_decoder(spec);
  if (format == "combined") return make_access_decoder(spec, AccessFormat::kCombined);
  if (format == "common") return make_access_decoder(spec, AccessFormat::kCommon);
  if (format == "lines") return framed(spec, make_lines_parser());
  if (format == "regex") return framed(spec, make_regex_parser(spec.patterns));
  fail_user("unknown format '{}'{}; `evclean formats` lists them", format, did_you_mean(format, format_names()));
}

}  // namespace evclean
