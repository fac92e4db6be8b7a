// SPDX-License-Identifier: Apache-2.0
#include "json_tokens.hpp"

#include <dlfcn.h>
#include <simdjson.h>

#include <algorithm>
#include <new>
#include <string_view>

#include "evclean/error.hpp"

namespace evclean {

struct JsonTokens::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

namespace {

/// libparquet exports simdjson symbols of another version; taken instead of the library's they would crash.
void check_library() {
  Dl_info info{};
  const auto* address = reinterpret_cast<const void*>(&simdjson::get_active_implementation);
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return;
  const std::string_view file = info.dli_fname;
  if (file.find("parquet") != std::string_view::npos || file.find("arrow") != std::string_view::npos)
    fail_bug("simdjson's symbols come from {}: link libsimdjson before Arrow's libraries", file);
}

const char* reason_of(simdjson::error_code code) {
  switch (code) {
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed";
    case simdjson::UNESCAPED_CHARS:
      return "a control character in a string must be escaped";
    case simdjson::UTF8_ERROR:
      return "not valid UTF-8";
    default:
      return simdjson::error_message(code);
  }
}

}  // namespace

JsonTokens::JsonTokens() : parser_(std::make_unique<Parser>()) { check_library(); }
JsonTokens::~JsonTokens() = default;

void JsonTokens::reserve(std::size_t size) {
  if (size < capacity_) return;
  const std::size_t wanted = std::max<std::size_t>(2 * size, 512 << 10);
  parser_->stages.reset();
  const auto code = simdjson::get_active_implementation()->create_dom_parser_implementation(
      wanted, simdjson::DEFAULT_MAX_DEPTH, parser_->stages);
  if (code != simdjson::SUCCESS) throw std::bad_alloc();
  capacity_ = wanted;
}

const char* JsonTokens::index(const char* text, std::size_t size) {
  reserve(size);
  simdjson::internal::dom_parser_implementation& stages = *parser_->stages;
  count_ = 0;
  if (size > 0) {
    const auto code = stages.stage1(reinterpret_cast<const std::uint8_t*>(text), size, simdjson::stage1_mode::regular);
    if (code != simdjson::SUCCESS && code != simdjson::EMPTY) return reason_of(code);
    if (code == simdjson::SUCCESS) count_ = stages.n_structural_indexes;
  }
  positions_ = stages.structural_indexes.get();
  std::fill_n(positions_ + count_, 4, static_cast<std::uint32_t>(size));
  return nullptr;
}

}  // namespace evclean
