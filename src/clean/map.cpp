// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <unordered_map>

#include "evclean/arrow_status.hpp"
#include "ops.hpp"

namespace evclean {
namespace {

class Map final : public Op {
 public:
  Map(std::string column, const std::vector<std::pair<std::string, std::string>>& values,
      std::optional<std::string> otherwise)
      : column_(std::move(column)), values_(values.begin(), values.end()), otherwise_(std::move(otherwise)) {}

  void apply(Batch& batch, OpState&) override {
    const SpanColumn source = text_column(batch, batch.find(column_));
    arrow::StringBuilder builder;
    for (std::size_t row = 0; row < source.spans.size(); ++row) {
      if (source.spans[row].missing()) {
        check_arrow(builder.AppendNull(), "map");
      } else {
        check_arrow(builder.Append(mapped(source.view(static_cast<std::int64_t>(row)))), "map");
      }
    }
    batch.put(column_, take_arrow(builder.Finish(), "map"));
  }

 private:
  std::string_view mapped(std::string_view value) {
    scratch_.assign(value);
    const auto found = values_.find(scratch_);
    if (found != values_.end()) return found->second;
    return otherwise_ ? std::string_view(*otherwise_) : value;
  }

  std::string column_;
  std::unordered_map<std::string, std::string> values_;
  std::optional<std::string> otherwise_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Op> make_map_op(std::string column, std::vector<std::pair<std::string, std::string>> values,
                                std::optional<std::string> otherwise) {
  return std::make_unique<Map>(std::move(column), values, std::move(otherwise));
}

}  // namespace evclean
