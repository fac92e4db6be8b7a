// SPDX-License-Identifier: Apache-2.0
#include "join_oracle.hpp"

#include <arrow/api.h>

#include <map>

#include "evclean/hash.hpp"

namespace evclean::testing {
namespace {

/// Values that are equal have the same canon, whatever their type.
std::string canon(const std::string& text) {
  if (text.size() > 1 && text[0] == 'd') return fmt::format("t{}", std::stoll(text.substr(1)) * 86'400'000'000);
  if (text == "-0") return "0";
  return text;
}

/// A row's keys as one text; empty when one is null.
std::string key_of(const std::vector<std::string>& row, const std::vector<int>& keys) {
  std::string whole = "key";
  for (const int key : keys) {
    const std::string& value = row[static_cast<std::size_t>(key)];
    if (value == "NULL") return {};
    whole += '|' + canon(value);
  }
  return whole;
}

/// Each row with its key.
struct Keyed {
  const std::vector<std::string>* row;
  std::string key;
};

std::vector<Keyed> keyed(const Parts& parts, const std::vector<int>& keys) {
  std::vector<Keyed> rows;
  for (const Rows& part : parts) {
    for (const auto& row : part) rows.push_back({&row, key_of(row, keys)});
  }
  return rows;
}

std::vector<std::vector<std::string>> split_texts(const Batch& batch) {
  std::vector<std::vector<std::string>> rows(static_cast<std::size_t>(batch.num_rows));
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      rows[static_cast<std::size_t>(row)].push_back(value_text(*batch.array(static_cast<int>(c)), row));
    }
  }
  return rows;
}

Parts drop_empty(const std::map<std::int64_t, Rows>& by_part) {
  Parts parts;
  for (const auto& [part, rows] : by_part) {
    if (!rows.empty()) parts.push_back(rows);
  }
  return parts;
}

}  // namespace

Table random_table(Random& random, const std::vector<ColumnShape>& columns, std::int64_t rows) {
  Table table{fields_of(columns), {}};
  while (rows > 0) {
    std::vector<Batch> part;
    for (auto batches = random() % 4; batches > 0; --batches) {
      const auto count = std::min<std::int64_t>(rows, static_cast<std::int64_t>(random() % 60));
      part.push_back(random_batch(random, columns, count));
      rows -= count;
    }
    table.parts.push_back(std::move(part));
  }
  return table;
}

DatasetPtr spread(const Table& table, const Workspace& workspace, int salt) {
  auto data = std::make_shared<Dataset>(table.fields, workspace);
  for (std::size_t part = 0; part < table.parts.size(); ++part) {
    const auto owner =
        static_cast<int>(mix64(part + static_cast<std::size_t>(salt) * 1000) % 97) % workspace.comm.size();
    if (owner != workspace.comm.rank()) continue;
    for (const Batch& batch : table.parts[part]) data->append(static_cast<std::int64_t>(part) * 3, batch);
  }
  data->finish();
  return data;
}

Parts all_rows(const Dataset& data, const Comm& comm) {
  // "part \x1e row \x1f value \x1f value … \n": texts of the tests hold none of these.
  std::string mine;
  for (const std::int64_t part : data.mine()) {
    data.visit(part, [&](const Batch& batch) {
      for (const auto& row : split_texts(batch)) {
        mine += fmt::format("{}", part);
        for (const std::string& value : row) mine += '\x1f' + value;
        mine += '\x1e';
      }
    });
  }
  std::map<std::int64_t, Rows> parts;
  for (const std::string& told : comm.gather(mine)) {
    for (std::size_t at = 0; at < told.size();) {
      const std::size_t end = told.find('\x1e', at);
      std::vector<std::string> values;
      for (std::size_t from = at; from <= end;) {
        const std::size_t to = std::min(told.find('\x1f', from), end);
        values.push_back(told.substr(from, to - from));
        from = to + 1;
      }
      const std::int64_t part = std::stoll(values[0]);
      values.erase(values.begin());
      parts[part].push_back(std::move(values));
      at = end + 1;
    }
  }
  return drop_empty(parts);
}

Parts parts_of(const Table& table) {
  std::map<std::int64_t, Rows> parts;
  for (std::size_t part = 0; part < table.parts.size(); ++part) {
    for (const Batch& batch : table.parts[part]) {
      for (auto& row : split_texts(batch)) parts[static_cast<std::int64_t>(part)].push_back(std::move(row));
    }
  }
  return drop_empty(parts);
}

Rows rows_of(const Table& table) {
  Rows all;
  for (const Rows& part : parts_of(table)) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Parts oracle_join(const Parts& left, const Parts& right, std::size_t left_width, const OracleSpec& spec) {
  const bool carries = spec.how != JoinHow::kSemi && spec.how != JoinHow::kAnti;
  const bool keeps_left = spec.how == JoinHow::kLeft || spec.how == JoinHow::kFull;
  const auto with_payload = [&](std::vector<std::string> row, const std::vector<std::string>* other) {
    for (const int column : spec.payload) row.push_back(other ? (*other)[static_cast<std::size_t>(column)] : "NULL");
    return row;
  };
  std::map<std::int64_t, Rows> result;
  std::map<const std::vector<std::string>*, bool> matched;
  const std::vector<Keyed> others = keyed(right, spec.right_keys);
  for (std::size_t part = 0; part < left.size(); ++part) {
    Rows& out = result[static_cast<std::int64_t>(part)];
    for (const auto& row : left[part]) {
      bool any = false;
      const std::string key = key_of(row, spec.left_keys);
      for (const Keyed& other : others) {
        if (key.empty() || key != other.key || (spec.residual && !spec.residual(row, *other.row))) continue;
        any = matched[other.row] = true;
        if (carries) out.push_back(with_payload(row, other.row));
      }
      if (!any && keeps_left) out.push_back(with_payload(row, nullptr));
      if (spec.how == (any ? JoinHow::kSemi : JoinHow::kAnti)) out.push_back(row);
    }
  }
  if (spec.how != JoinHow::kRight && spec.how != JoinHow::kFull) return drop_empty(result);
  for (std::size_t part = 0; part < right.size(); ++part) {
    for (const auto& other : right[part]) {
      if (matched.count(&other) > 0) continue;
      std::vector<std::string> row(left_width, "NULL");
      for (std::size_t key = spec.left_keys.size(); spec.coalesce && key-- > 0;) {
        row[static_cast<std::size_t>(spec.left_keys[key])] = other[static_cast<std::size_t>(spec.right_keys[key])];
      }
      result[static_cast<std::int64_t>(left.size() + part)].push_back(with_payload(row, &other));
    }
  }
  return drop_empty(result);
}

}  // namespace evclean::testing
