// SPDX-License-Identifier: Apache-2.0
#include "reads.hpp"

#include <algorithm>
#include <functional>

#include "evclean/sql_tree.hpp"

namespace evclean::query {
namespace {

using Names = std::vector<std::string>;

/// Walks through a query with all its subqueries.
class Walker {
 public:
  std::function<void(const sql::Select&, const Names& common)> on_select = [](const sql::Select&, const Names&) {};
  std::function<void(const sql::FromItem&)> on_table = [](const sql::FromItem&) {};  ///< not of WITH
  std::function<void(const sql::FromItem&)> on_join = [](const sql::FromItem&) {};
  std::function<void(const sql::Tree&)> on_column = [](const sql::Tree&) {};

  void select(const sql::Select& select, Names common) {
    for (const sql::CommonTable& table : select.with) {
      this->select(*table.query, common);
      common.push_back(table.name.text);
    }
    on_select(select, common);
    for (const sql::SelectPtr& part : select.all_of) this->select(*part, common);
    for (const sql::SelectItem& item : select.items) tree(item.value, common);
    for (const sql::FromPtr& item : select.from) from(*item, common);
    tree(select.where, common);
    for (const sql::TreePtr& key : select.group_by) tree(key, common);
    tree(select.having, common);
    for (const sql::OrderItem& item : select.order_by) tree(item.value, common);
  }

 private:
  void from(const sql::FromItem& item, const Names& common) {
    if (item.query) {
      select(*item.query, common);
    } else if (item.left) {
      on_join(item);
      from(*item.left, common);
      from(*item.right, common);
      tree(item.on, common);
    } else if (sql::find_name(item.table, common, nullptr) < 0) {
      on_table(item);
    }
  }

  void tree(const sql::TreePtr& tree, const Names& common) {
    if (!tree) return;
    sql::walk(tree, [&](const sql::Tree& part) {
      if (part.kind == sql::TreeKind::kColumn) on_column(part);
      if (part.query) select(*part.query, common);
      return true;
    });
  }
};

bool means(const std::string& written, std::string_view name) {
  return sql::find_name(written, {std::string(name)}, nullptr) == 0;
}

/// Tables that stand directly in a FROM, joins taken apart.
void collect_tables(const sql::FromItem& item, std::vector<const sql::FromItem*>& tables) {
  if (item.left) {
    collect_tables(*item.left, tables);
    collect_tables(*item.right, tables);
  } else if (!item.query) {
    tables.push_back(&item);
  }
}

/// A star of this SELECT takes every column of the table.
bool takes_all(const sql::Select& select, const Names& common, std::string_view table) {
  std::vector<const sql::FromItem*> items;
  for (const sql::FromPtr& item : select.from) collect_tables(*item, items);
  for (const sql::FromItem* item : items) {
    if (!means(item->table, table) || sql::find_name(item->table, common, nullptr) >= 0) continue;
    if (!item->column_aliases.empty()) return true;
    const std::string& name = item->alias.empty() ? item->table : item->alias;
    for (const sql::SelectItem& column : select.items) {
      if (!column.value && (column.star_of.text.empty() || means(column.star_of.text, name))) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<std::string> tables_read(const sql::Select& select) {
  std::vector<std::pair<std::size_t, std::string>> found;
  Walker walker;
  walker.on_table = [&](const sql::FromItem& item) { found.emplace_back(item.position, item.table); };
  walker.select(select, {});
  std::sort(found.begin(), found.end());
  Names tables;
  for (const auto& [position, table] : found) {
    if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
  }
  return tables;
}

std::optional<std::vector<std::string>> columns_read(const sql::Select& select, std::string_view table,
                                                     const Fields& fields) {
  bool all = false;
  std::vector<bool> used(fields.size());
  const auto use = [&](const std::string& name) {
    bool found = false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool meant = means(name, fields[i].name);
      used[i] = used[i] || meant;
      found = found || meant;
    }
    return found;
  };
  Names called, strange;  // what the table goes by; qualifiers of names that are not among its columns
  Walker walker;
  walker.on_table = [&](const sql::FromItem& item) {
    if (means(item.table, table)) called.push_back(item.alias.empty() ? item.table : item.alias);
  };
  walker.on_select = [&](const sql::Select& part, const Names& common) { all = all || takes_all(part, common, table); };
  walker.on_join = [&](const sql::FromItem& join) {
    all = all || join.natural;
    for (const sql::Word& key : join.using_keys) use(key.text);
  };
  walker.on_column = [&](const sql::Tree& column) {
    const bool found = use(column.name);
    if (column.qualifier_bytes == 0) return;
    if (!use(column.name.substr(column.qualifier_bytes + 1)) && !found)
      strange.push_back(column.name.substr(0, column.qualifier_bytes));
  };
  walker.select(select, {});
  // The message about a name that is not there is to name all that are.
  for (const std::string& name : strange) all = all || sql::find_name(name, called, nullptr) >= 0;
  if (all) return std::nullopt;
  Names names;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (used[i]) names.push_back(fields[i].name);
  }
  return names;
}

}  // namespace evclean::query
