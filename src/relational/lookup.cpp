// SPDX-License-Identifier: Apache-2.0
#include "evclean/lookup.hpp"

#include <arrow/array.h>

#include <algorithm>

#include "coded_text.hpp"
#include "evclean/valueless.hpp"
#include "frequent_none.hpp"
#include "join_run.hpp"
#include "key_table.hpp"
#include "pair_joiner.hpp"
#include "row_cursor.hpp"

namespace evclean {

static_assert(Lookup::kBytesPerRow == KeyTable::kBytesPerRow);

namespace {

std::int64_t bytes_of_column(const arrow::Array& array) {
  if (array.type_id() != arrow::Type::STRING) return 8 * array.length();
  return 4 * array.length() + static_cast<const arrow::StringArray&>(array).total_values_length();
}

int place_of(const std::vector<int>& columns, int column) {
  const auto found = std::find(columns.begin(), columns.end(), column);
  EVCLEAN_CHECK(found != columns.end(), "column {} was not sent", column);
  return static_cast<int>(found - columns.begin());
}

}  // namespace

struct Lookup::Impl {
  Fields fields;                                ///< of the table
  std::vector<bool> empty;                      ///< a column of the table: without any value
  std::vector<int> columns;                     ///< that were sent
  std::vector<Batch> batches;                   ///< long keys point into them
  arrow::ArrayVector whole;                     ///< one array a column that was sent
  std::vector<std::optional<CodedText>> coded;  ///< the same, where values repeat
  std::vector<KeyKind> kinds;                   ///< a key
  std::optional<KeyMaker> maker;                ///< long keys of several columns point into it
  KeyTable table;
  std::vector<std::int64_t> texts;  ///< of the keys: 'None' and all, over all ranks
  std::shared_ptr<MemoryBudget> budget;
  std::int64_t bytes = 0, budgeted = 0;

  ~Impl() {
    if (budgeted > 0) budget->give_back(budgeted);
  }
};

std::int64_t Lookup::bytes_of(const Dataset& right, const std::vector<int>& columns, const Workspace& workspace) {
  std::int64_t bytes = 0;
  workspace.comm.agree([&] {
    for (RowCursor cursor(right); !cursor.done();) {
      const Batch batch = cursor.take();
      for (const int column : columns) bytes += bytes_of_column(*batch.array(column));
    }
  });
  // The columns stand there twice while they are put together.
  return 2 * workspace.comm.sum(bytes) + right.rows() * kBytesPerRow;
}

Lookup::Lookup(const Dataset& right, const std::vector<int>& columns, const std::vector<int>& keys, std::int64_t bytes,
               const Workspace& workspace)
    : impl_(std::make_unique<Impl>()) {
  Impl& own = *impl_;
  own.fields = right.fields();
  own.empty = columns_without_values(right);
  own.columns = columns;
  std::vector<int> places;
  for (const int key : keys) {
    own.kinds.push_back(key_kind(own.fields[static_cast<std::size_t>(key)].type));
    places.push_back(place_of(columns, key));
  }
  own.texts.resize(2 * keys.size());
  std::int64_t sent = 0;
  own.batches = gather_on_all(
      right, columns, workspace,
      [&](const Batch& batch) { FrequentNone::count(batch, keys, own.kinds, own.texts.data()); }, sent);
  own.texts = workspace.comm.sum(std::move(own.texts));
  own.bytes = bytes;
  own.budget = workspace.budget;
  if (own.budget->take(own.bytes)) own.budgeted = own.bytes;
  workspace.comm.agree([&] {
    own.maker.emplace(own.kinds, places);
    std::vector<JoinKey> found;
    own.table.reserve(right.rows());
    for (const Batch& batch : own.batches) {
      own.maker->make(batch, found);
      own.table.add(found);
    }
    own.table.finish();
    std::vector<int> all(columns.size());
    for (std::size_t c = 0; c < all.size(); ++c) all[c] = static_cast<int>(c);
    own.whole = concatenated(own.batches, all, project(own.fields, columns));
    for (const auto& column : own.whole) own.coded.push_back(CodedText::of(*column));
  });
}

Lookup::~Lookup() = default;
const Fields& Lookup::fields() const { return impl_->fields; }
const std::vector<bool>& Lookup::empty() const { return impl_->empty; }
std::int64_t Lookup::memory_bytes() const { return impl_->bytes; }

struct LookupProbe::Impl {
  const Lookup::Impl& lookup;
  JoinPlan plan;
  std::vector<int> empties;
  KeyMaker maker;
  std::vector<int> payload;  ///< places of the spec's payload among the columns that were sent
  std::vector<JoinKey> keys = {};
  std::vector<std::int32_t> entries = {};

  /// Key columns are typed for the time it takes, but for a raw text alone.
  void find_entries(const Batch& batch) {
    entries.assign(static_cast<std::size_t>(batch.num_rows), -1);
    if (!empties.empty()) return;  // null matches nothing
    const std::vector<int>& columns = plan.spec.left_keys;
    if (columns.size() == 1 && batch.is_raw(columns[0])) {
      KeyMaker::make(batch.raw(columns[0]), keys);
    } else {
      maker.make(typed(batch, columns), keys);
    }
    lookup.table.find(keys, entries);
    maker.forget();
  }

  static Batch typed(const Batch& batch, const std::vector<int>& columns) {
    Batch own;
    own.num_rows = batch.num_rows;
    for (const int key : columns) {
      own.names.push_back(batch.names[static_cast<std::size_t>(key)]);
      own.columns.emplace_back(batch.is_raw(key) ? string_array(batch.raw(key)) : batch.array(key));
    }
    return own;
  }

  void put_payload(Batch& batch, const std::vector<std::int32_t>& right_rows) const {
    for (std::size_t c = 0; c < payload.size(); ++c) {
      const auto at = static_cast<std::size_t>(payload[c]);
      const auto& coded = lookup.coded[at];
      batch.put(plan.spec.payload_names[c], coded ? coded->gather(right_rows) : gather(*lookup.whole[at], right_rows));
    }
  }

  /// Rows whose having a match is `wanted`, once each.
  void filter(Batch& batch, bool wanted, const std::function<void(Batch&)>& emit) const {
    std::vector<std::int32_t> rows;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if ((entries[i] >= 0) == wanted) rows.push_back(static_cast<std::int32_t>(i));
    }
    batch.keep(rows);
    emit(batch);
  }

  /// At most one match a row: the batch stays what it is.
  void extend(Batch& batch, const std::function<void(Batch&)>& emit) {
    if (!plan.keeps_left()) {
      std::vector<std::int32_t> rows;
      std::size_t kept = 0;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i] < 0) continue;
        rows.push_back(static_cast<std::int32_t>(i));
        entries[kept++] = entries[i];
      }
      entries.resize(kept);
      batch.keep(rows);
    }
    put_payload(batch, entries);
    emit(batch);
  }

  /// A row for each match, in pieces of a bounded size.
  void multiply(const Batch& batch, const std::function<void(Batch&)>& emit) const {
    std::vector<std::int32_t> left_rows, right_rows;
    const auto flush = [&] {
      if (left_rows.empty()) return;
      Batch piece = pick_rows(batch, left_rows);
      put_payload(piece, right_rows);
      left_rows.clear();
      right_rows.clear();
      emit(piece);
    };
    const auto put = [&](std::size_t left, std::int32_t right) {
      left_rows.push_back(static_cast<std::int32_t>(left));
      right_rows.push_back(right);
      if (left_rows.size() == kPairRows) flush();
    };
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i] < 0) {
        if (plan.keeps_left()) put(i, -1);
        continue;
      }
      for (const std::int32_t row : lookup.table.rows_of(entries[i])) put(i, row);
    }
    flush();
  }
};

namespace {

/// Left columns without any value take the type of what they are compared with.
Fields comparable(Fields left, const Fields& right, const JoinSpec& spec, const std::vector<bool>& empty,
                  std::vector<int>& empties) {
  for (std::size_t k = 0; k < spec.left_keys.size(); ++k) {
    const auto at = static_cast<std::size_t>(spec.left_keys[k]);
    const ValueType type = right[static_cast<std::size_t>(spec.right_keys[k])].type;
    if (!empty[at] || left[at].type == type) continue;
    left[at].type = type;
    empties.push_back(static_cast<int>(at));
  }
  return left;
}

}  // namespace

LookupProbe::LookupProbe(const Lookup& lookup, const JoinSpec& spec, const Fields& left,
                         const std::vector<bool>& empty) {
  const Lookup::Impl& table = *lookup.impl_;
  std::vector<int> empties;
  JoinPlan plan = plan_join(comparable(left, table.fields, spec, empty, empties), table.fields, spec);
  EVCLEAN_CHECK(!plan.keeps_right() && !spec.residual, "a lookup cannot do this join");
  for (std::size_t c = 0; c < left.size(); ++c) plan.result[c].type = left[c].type;
  std::vector<int> places(spec.left_keys.size());
  for (std::size_t k = 0; k < places.size(); ++k) places[k] = static_cast<int>(k);
  std::vector<int> payload;
  for (const int column : plan.carries_payload() ? spec.payload : std::vector<int>())
    payload.push_back(place_of(table.columns, column));
  KeyMaker maker(plan.kinds, places);
  impl_ = std::make_unique<Impl>(table, std::move(plan), std::move(empties), std::move(maker), std::move(payload));
}

LookupProbe::~LookupProbe() = default;
const Fields& LookupProbe::result() const { return impl_->plan.result; }
const std::vector<int>& LookupProbe::empties() const { return impl_->empties; }

void LookupProbe::run(Batch& batch, std::vector<std::int64_t>& texts, const std::function<void(Batch&)>& emit) {
  Impl& own = *impl_;
  texts.resize(2 * own.plan.kinds.size());
  if (own.empties.empty()) FrequentNone::count(batch, own.plan.spec.left_keys, own.plan.kinds, texts.data());
  own.find_entries(batch);
  if (!own.plan.carries_payload()) return own.filter(batch, own.plan.spec.how == JoinHow::kSemi, emit);
  if (own.lookup.table.unique()) return own.extend(batch, emit);
  own.multiply(batch, emit);
}

std::vector<std::string> LookupProbe::notes(const std::vector<std::int64_t>& texts) const {
  std::vector<std::int64_t> both = texts;
  both.resize(2 * impl_->plan.kinds.size());
  both.insert(both.end(), impl_->lookup.texts.begin(), impl_->lookup.texts.end());
  return FrequentNone::notes_of(impl_->plan, both);
}

}  // namespace evclean
