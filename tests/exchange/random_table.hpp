// SPDX-License-Identifier: Apache-2.0
// Random typed rows from a seed, and rows as text: tests of whole-table operators compare texts.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "evclean/dataset.hpp"

namespace evclean::testing {

using Random = std::mt19937_64;

/// The seed of this run: EVCLEAN_TEST_SEED, or a fixed one; printed once.
std::uint64_t test_seed();

/// How values of a column are drawn: `distinct` different ones, and a share of nulls.
struct ColumnShape {
  Field field;
  int distinct = 50;
  double nulls = 0.1;
};

Batch random_batch(Random& random, const std::vector<ColumnShape>& columns, std::int64_t rows);
Fields fields_of(const std::vector<ColumnShape>& columns);

/// A batch of texts: for tables written by hand. "NULL" is null; types as in the fields.
Batch batch_of(const Fields& fields, const std::vector<std::vector<std::string>>& rows);

/// One value: "NULL", or its text.
std::string value_text(const arrow::Array& array, std::int64_t row);
/// One text a row: values with | between them.
std::vector<std::string> row_texts(const Batch& batch);

}  // namespace evclean::testing
