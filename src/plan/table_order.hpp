// SPDX-License-Identifier: Apache-2.0
// Which tables of a job are made, in which order, and who reads them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "evclean/error.hpp"
#include "evclean/job.hpp"

namespace evclean {

struct TableOrder {
  std::vector<const TableSpec*> tables;                          ///< every table stands behind those it reads
  std::map<std::string, std::vector<const TableSpec*>> readers;  ///< of a table
};

/// A table that reads itself, by way of others.
class CircleError : public Error {
  using Error::Error;
};

/// The tables in `wanted` and those they read. Errors: CircleError, naming the circle; user Error for a table that is
/// not there, and for queries that do not parse.
TableOrder order_tables(const Job& job, const std::vector<std::string>& wanted);

/// Tables that outputs name, in the order of the job.
std::vector<std::string> written_tables(const Job& job);

const TableSpec& table_named(const Job& job, const std::string& name);

}  // namespace evclean
