// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <unordered_map>

#include "evclean/arrow_status.hpp"
#include "ops.hpp"

namespace evclean {
namespace {

class Map final : public Op {
 public:
  Map(std::string column, const std::vector<NamedText>& values, std::optional<Text> otherwise)
      : column_(std::move(column)), otherwise_(std::move(otherwise)) {
    for (const NamedText& value : values) {
      values_.emplace(value.name, value.null ? std::nullopt : std::optional<std::string>(value.value));
    }
  }

  void apply(Batch& batch, OpState&) override {
    const SpanColumn source = text_column(batch, batch.find(column_));
    arrow::StringBuilder builder;
    for (std::size_t row = 0; row < source.spans.size(); ++row) {
      std::optional<std::string_view> value;
      if (!source.spans[row].missing()) value = mapped(source.view(static_cast<std::int64_t>(row)));
      check_arrow(value ? builder.Append(*value) : builder.AppendNull(), "map");
    }
    batch.put(column_, take_arrow(builder.Finish(), "map"));
  }

 private:
  std::optional<std::string_view> mapped(std::string_view value) {
    scratch_.assign(value);
    const auto found = values_.find(scratch_);
    if (found != values_.end()) return found->second;
    if (!otherwise_) return value;
    return otherwise_->null ? std::nullopt : std::optional<std::string_view>(otherwise_->value);
  }

  std::string column_;
  std::unordered_map<std::string, std::optional<std::string>> values_;
  std::optional<Text> otherwise_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Op> make_map_op(std::string column, const std::vector<NamedText>& values,
                                std::optional<Text> otherwise) {
  return std::make_unique<Map>(std::move(column), values, std::move(otherwise));
}

}  // namespace evclean
