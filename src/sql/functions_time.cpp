// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "evclean/types.hpp"
#include "kernels.hpp"
#include "registry.hpp"
#include "times.hpp"

namespace evclean::sql {
namespace {

TimeField field_of(const Operand& operand, std::string_view function) {
  const auto text = operand.literal_text();
  if (!text)
    Binder::fail(*operand.tree, fmt::format("{} wants the name of a field here, such as year or day", function));
  const auto field = time_field(*text);
  if (!field) {
    Binder::fail(*operand.tree, fmt::format("{} does not know {}: use year, quarter, month, week, day, hour, minute, "
                                            "second, dow, doy or epoch",
                                            function, *text));
  }
  return *field;
}

/// The second argument as a timestamp.
NodePtr time_argument(Binder& binder, const Tree& tree, Operands& operands) {
  if (operands.size() != 2) Binder::fail(tree, fmt::format("{} takes a field and a time", tree.name));
  NodePtr time = Binder::convert(operands[1], ValueType::kTimestamp);
  if (time) return time;
  if (operands[1].interval) Binder::fail(*operands[1].tree, fmt::format("{} wants a date or timestamp", tree.name));
  const bool text = operands[1].type() == ValueType::kString;
  Binder::fail(
      *operands[1].tree,
      fmt::format("{} wants a date or timestamp, not {}; {}", tree.name, binder.describe(operands[1]),
                  text ? binder.cure(operands[1], ValueType::kTimestamp) : "to_timestamp(seconds) makes a time"));
}

NodePtr bind_extract(Binder& binder, const Tree& tree) {
  Operands operands = binder.bind_all(tree.args);
  // The difference of two timestamps is seconds already: extract(epoch from a - b) gives them as PostgreSQL does.
  const bool seconds = operands.size() == 2 && operands[1].node && operands[1].type() == ValueType::kFloat64;
  if (seconds && field_of(operands[0], "extract") == TimeField::kEpoch) return std::move(operands[1].node);
  NodePtr time = time_argument(binder, tree, operands);
  const TimeField field = field_of(operands[0], "extract");
  if (field == TimeField::kSecond || field == TimeField::kEpoch) {
    return row_node(nodes_of(std::move(time)), [field](Timestamp t) { return extract_float(field, t); });
  }
  return row_node(nodes_of(std::move(time)), [field](Timestamp t) { return extract_field(field, t); });
}

/// A time outside the calendar is null, as an overflow is.
std::optional<Timestamp> counted(EvalCounters& counters, std::optional<Timestamp> time) {
  counters.int_overflow += !time;
  return time;
}

NodePtr bind_date_trunc(Binder& binder, const Tree& tree) {
  Operands operands = binder.bind_all(tree.args);
  NodePtr time = time_argument(binder, tree, operands);
  const TimeField field = field_of(operands[0], "date_trunc");
  if (!can_truncate(field)) {
    Binder::fail(*operands[0].tree,
                 "date_trunc cuts to microsecond, millisecond, second, minute, hour, day, week, month, "
                 "quarter, year, decade, century or millennium");
  }
  // The decade and the week in which the calendar begins may begin before it.
  return row_node(nodes_of(std::move(time)), [field](EvalCounters& counters, Timestamp t) {
    return counted(counters, in_range(truncate(field, t)));
  });
}

NodePtr bind_date(Binder& binder, const Tree& tree) {
  if (tree.args.size() != 1) Binder::fail(tree, "date takes one value: date(x)");
  Tree cast = tree;
  cast.kind = TreeKind::kCast;
  cast.name = "date";
  Operand operand = binder.bind(cast);
  return std::move(operand.node);
}

std::optional<Timestamp> from_seconds(EvalCounters& counters, double seconds) {
  const double us = std::round(seconds * 1e6);
  const bool fits = std::abs(us) < 9e18;
  return counted(counters, fits ? in_range(Timestamp{static_cast<std::int64_t>(us)}) : std::nullopt);
}

std::optional<Timestamp> from_whole_seconds(EvalCounters& counters, std::int64_t seconds) {
  std::int64_t us = 0;
  const bool overflow = __builtin_mul_overflow(seconds, kSecondUs, &us);
  return counted(counters, overflow ? std::nullopt : in_range(Timestamp{us}));
}

/// A format that is written out is judged before any row is read; one from the data that is none reads no time.
NodePtr make_parse_time(CallSite& site, Nodes args) {
  const Operand& operand = site.operands[1];
  const auto literal = operand.literal_text();
  if (literal) {
    const std::string problem = time_format_problem(*literal);
    if (!problem.empty()) Binder::fail(*operand.tree, fmt::format("the time format '{}' {}", *literal, problem));
  }
  return row_node(std::move(args), [known = literal.has_value()](std::string_view text, std::string_view format) {
    std::optional<Timestamp> time(std::in_place);
    if (!known && !time_format_problem(format).empty()) return std::optional<Timestamp>();
    if (!parse_time_format(text, format, TimeZone::utc(), time->us)) time.reset();
    return time;
  });
}

}  // namespace

void add_time_functions(Registry& registry) {
  registry.add_custom(
      "extract",
      {"extract(field from time) -> int64; second and epoch float64",
       "year, quarter, month, week (ISO), day, hour, minute, second, dow (0 is Sunday), isodow, doy, epoch",
       "extract(year from timestamp '2026-11-01 06:52:16') = 2026"},
      bind_extract);
  registry.add_custom(
      "date_part",
      {"date_part(field, time)", "the same as extract", "date_part('hour', timestamp '2026-11-01 06:52:16') = 6"},
      bind_extract);
  registry.add_custom("date_trunc",
                      {"date_trunc(unit, time) -> timestamp", "cuts a time to its hour, day, week (Monday), month …",
                       "date_trunc('week', timestamp '2026-11-01 06:52:16') = timestamp '2026-10-26 00:00:00'"},
                      bind_date_trunc);
  registry.add_custom(
      "date",
      {"date(x) -> date", "the same as cast(x as date)", "date(timestamp '2026-11-01 06:52:16') = date '2026-11-01'"},
      bind_date);
  registry.add_rows("to_timestamp",
                    {"to_timestamp(seconds) -> timestamp", "seconds since 1970-01-01 UTC as a time",
                     "to_timestamp(1793515936) = timestamp '2026-11-01 06:52:16'"},
                    [](EvalCounters& counters, std::int64_t s) { return from_whole_seconds(counters, s); });
  registry.add_rows("to_timestamp", {}, [](EvalCounters& counters, double s) { return from_seconds(counters, s); });
  registry.add(
      "parse_time",
      {"parse_time(text, format) -> timestamp", "reads a time by a strptime format; null where it does not fit",
       "parse_time('01/Nov/2026', '%d/%b/%Y') = timestamp '2026-11-01 00:00:00'"},
      {{ValueType::kString, ValueType::kString}, make_parse_time});
}

}  // namespace evclean::sql
