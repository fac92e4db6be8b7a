// SPDX-License-Identifier: Apache-2.0
#include "table_order.hpp"

#include <algorithm>
#include <set>

#include "table_steps.hpp"

namespace evclean {
namespace {

class Orderer {
 public:
  explicit Orderer(const Job& job) : job_(job) {}

  void visit(const std::string& name) {
    if (done_.count(name) > 0) return;
    const auto seen = std::find(path_.begin(), path_.end(), name);
    if (seen != path_.end()) fail_circle(seen, name);
    path_.push_back(name);
    const TableSpec& spec = table_named(job_, name);
    for (const std::string& read : tables_used(job_, spec)) {
      visit(read);
      order_.readers[read].push_back(&spec);
    }
    path_.pop_back();
    done_.insert(name);
    order_.tables.push_back(&spec);
  }

  TableOrder take() { return std::move(order_); }

 private:
  [[noreturn]] void fail_circle(std::vector<std::string>::const_iterator from, const std::string& name) const {
    const std::vector<std::string> circle(from, path_.end());
    const JobPlace place = table_named(job_, name).place;
    throw CircleError(ExitCode::kUser, fmt::format("{}: tables read each other in a circle: {} reads {}",
                                                   place.in(job_.path), fmt::join(circle, " reads "), name));
  }

  const Job& job_;
  TableOrder order_;
  std::vector<std::string> path_;
  std::set<std::string> done_;
};

}  // namespace

const TableSpec& table_named(const Job& job, const std::string& name) {
  const auto found =
      std::find_if(job.tables.begin(), job.tables.end(), [&](const TableSpec& table) { return table.name == name; });
  if (found == job.tables.end()) fail_user("there is no table '{}'", name);
  return *found;
}

std::vector<std::string> written_tables(const Job& job) {
  std::vector<std::string> names;
  for (const TableSpec& table : job.tables) {
    const bool written = std::any_of(job.outputs.begin(), job.outputs.end(),
                                     [&](const OutputSpec& output) { return output.table == table.name; });
    if (written) names.push_back(table.name);
  }
  return names;
}

TableOrder order_tables(const Job& job, const std::vector<std::string>& wanted) {
  Orderer orderer(job);
  for (const std::string& name : wanted) orderer.visit(name);
  return orderer.take();
}

}  // namespace evclean
