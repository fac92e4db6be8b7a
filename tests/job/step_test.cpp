// SPDX-License-Identifier: Apache-2.0
#include "job_text.hpp"

namespace evclean::job_test {
namespace {

template <typename Step>
Step step(const std::string& yaml) {
  const Job parsed = job(with_steps("  - " + yaml + "\n"));
  return std::get<Step>(parsed.tables.at(0).steps.at(0).body);
}

std::string step_problems(const std::string& yaml) { return problems(with_steps("  - " + yaml + "\n")); }

TEST(Steps, FilterTakesTextNumbersAndBooleans) {
  EXPECT_EQ(step<FilterStep>("filter: status >= 400").expression.value, "status >= 400");
  EXPECT_EQ(step<FilterStep>("filter: true").expression.value, "true");
  EXPECT_EQ(step<FilterStep>("filter: 1").expression.value, "1");
  EXPECT_EQ(step<FilterStep>("filter: |\n      a = 1\n      and b = 2\n").expression.value, "a = 1\nand b = 2");
  EXPECT_EQ(step<FilterStep>("filter: a").expression.place.line, 4);
  EXPECT_EQ(step<FilterStep>("filter: a").expression.place.column, 13);
}

TEST(Steps, NullWhereAnExpressionStandsSaysToQuoteIt) {
  for (const char* yaml :
       {"filter:", "filter: null", "filter: ~", "filter: # status", "set: {a: }", "flag: {a: null}", "set: {a: &x}"}) {
    EXPECT_HAS(step_problems(yaml), "put the expression in quotes") << yaml;
  }
  EXPECT_HAS(step_problems("filter: ''"), "x.yml:4:13: error: filter needs an expression, and this one is empty");
  EXPECT_HAS(step_problems("filter: [a] = 1"), "x.yml:4:");
  EXPECT_HAS(step_problems("filter: {a: 1}"), "YAML reads this as a map: put the expression in quotes");
}

TEST(Steps, SetKeepsTheOrderWritten) {
  const SetStep set = step<SetStep>("set: {z: 1, a: z + 1, 'req.id': true}");
  ASSERT_EQ(set.values.size(), 3u);
  EXPECT_EQ(set.values[0].name, "z");
  EXPECT_EQ(set.values[1].value, "z + 1");
  EXPECT_EQ(set.values[2].name, "req.id");
  EXPECT_EQ(set.values[1].place.column, 17);
  EXPECT_EQ(set.values[1].value_place.column, 20);
  EXPECT_HAS(step_problems("set: {}"), "set takes a map of column to expression, not an empty one");
  EXPECT_HAS(step_problems("set: a = 1"), "set takes a map of column to expression, not text");
}

TEST(Steps, ParseAcceptsOnePattern) {
  const ParseStep parse = step<ParseStep>("parse: {column: path, patterns: '^/(?<a>\\d+)$$'}");
  EXPECT_EQ(parse.column.value, "path");
  EXPECT_EQ(parse.patterns.at(0).value, "^/(?<a>\\d+)$$");
  EXPECT_FALSE(parse.all);
  EXPECT_HAS(step_problems("parse: {column: path}"), "parse needs the key 'patterns'");
  EXPECT_HAS(step_problems("parse: {column: path, patterns: []}"), "parse.patterns is an empty list");
  EXPECT_HAS(step_problems("parse: {colum: path, patterns: x}"), "(did you mean 'column'?)");
}

TEST(Steps, FillForms) {
  EXPECT_TRUE(step<FillStep>("fill: None").none);
  const FillStep fill = step<FillStep>("fill: {all: 0, city: None}");
  EXPECT_FALSE(fill.none);
  EXPECT_EQ(fill.all->value, "0");
  EXPECT_EQ(fill.values.at(0).value, "None");
  EXPECT_HAS(step_problems("fill: none"), "fill takes None, {column: value} or {all: value}, not 'none'");
  EXPECT_HAS(step_problems("fill: null"), "not null");
  EXPECT_HAS(step_problems("fill: {a: null}"), "fill.a has no value");
}

TEST(Steps, SelectAndDropTakeListsOrOne) {
  EXPECT_EQ(step<SelectStep>("select: [a, 'b*']").columns.size(), 2u);
  EXPECT_EQ(step<DropStep>("drop: a").columns.at(0).value, "a");
  EXPECT_HAS(step_problems("select: []"), "select is an empty list");
  EXPECT_HAS(step_problems("drop: [a, null]"), "drop has no value");
}

TEST(Steps, RenameForms) {
  EXPECT_TRUE(step<RenameStep>("rename: warehouse").warehouse);
  const RenameStep style = step<RenameStep>("rename: {style: warehouse, version: 1, camel: split}");
  EXPECT_TRUE(style.warehouse);
  EXPECT_TRUE(style.camel_split);
  EXPECT_EQ(step<RenameStep>("rename: {a: b, style: kind}").names.size(), 2u);
  EXPECT_HAS(step_problems("rename: warehous"), "(did you mean 'warehouse'?)");
  EXPECT_HAS(step_problems("rename: {style: warehouse, version: 2}"), "rename.version");
  EXPECT_HAS(step_problems("rename: {a: c, b: c}"), "rename gives two columns the name 'c': a and b");
}

TEST(Steps, CastTakesOnErrorInsideOrBeside) {
  const CastStep inside = step<CastStep>("cast: {a: int64, b: 'date:%d/%m/%Y', on_error: null}");
  EXPECT_TRUE(inside.null_on_error);
  EXPECT_EQ(inside.types.size(), 2u);
  EXPECT_TRUE(step<CastStep>("{cast: {a: timestamp}, on_error: null}").null_on_error);
  EXPECT_TRUE(step<CastStep>("{on_error: null, cast: {a: timestamp}}").null_on_error);
  EXPECT_FALSE(step<CastStep>("cast: {a: timestamp:%Y, on_error: reject}").null_on_error);
  EXPECT_HAS(step_problems("cast: {a: boolean}"), "(did you mean 'bool'?)");
  EXPECT_HAS(step_problems("cast: {on_error: null}"), "cast names no column");
}

TEST(Steps, MapMayGiveMissing) {
  const MapStep map = step<MapStep>("map: {column: c, values: {a: b, 1: null, true: 2}, default: null}");
  ASSERT_EQ(map.values.size(), 3u);
  EXPECT_EQ(map.values[0].value, "b");
  EXPECT_TRUE(map.values[1].null);
  EXPECT_FALSE(map.values[0].null);
  EXPECT_TRUE(map.otherwise->null);
  EXPECT_FALSE(step<MapStep>("map: {column: c, values: {a: b}}").otherwise);
  EXPECT_HAS(step_problems("map: {column: c, values: {null: x}}"), "fill replaces missing values");
}

TEST(Steps, ExplodeIndexLimitSample) {
  const ExplodeStep explode = step<ExplodeStep>("explode: {column: items, as: item, keep_empty: true}");
  EXPECT_EQ(explode.column.value, "items");
  EXPECT_EQ(explode.as->value, "item");
  EXPECT_TRUE(explode.keep_empty);
  EXPECT_EQ(step<IndexStep>("index: row").name.value, "row");
  EXPECT_EQ(step<LimitStep>("limit: 0").rows, 0);
  const SampleStep sample = step<SampleStep>("sample: {fraction: 10%, seed: -3}");
  EXPECT_DOUBLE_EQ(sample.fraction, 0.1);
  EXPECT_EQ(sample.seed, -3);
  EXPECT_DOUBLE_EQ(step<SampleStep>("sample: {fraction: 1e-3}").fraction, 0.001);
  for (const char* bad : {"limit: 1.5", "limit: ten", "limit: 99999999999999999999", "sample: {fraction: 1.5}",
                          "sample: {fraction: -0.1}", "sample: {seed: 1}", "index:", "explode: {as: x}"}) {
    EXPECT_HAS(step_problems(bad), "error:") << bad;
  }
}

TEST(Steps, OneWordAStep) {
  EXPECT_HAS(step_problems("parse:\n    column: a\n    patterns: b"),
             "a step has one word, and this one has parse, column, patterns");
  EXPECT_HAS(step_problems("limit"), "a step is a word and its value");
  EXPECT_HAS(step_problems("{}"), "this one has none");
  EXPECT_HAS(step_problems("on_error: null"), "unknown step 'on_error'");
}

TEST(Steps, AJoinNamesItsColumns) {
  const JoinStep join = step<JoinStep>("join: {table: events, on: {ip: addr}, how: left, columns: [c, d*]}");
  EXPECT_EQ(join.table.value, "events");
  EXPECT_EQ(join.on.at(0).first.value, "ip");
  EXPECT_EQ(join.on.at(0).second.value, "addr");
  EXPECT_EQ(join.columns->size(), 2u);
  EXPECT_EQ(step<JoinStep>("join: {table: events, keys: [a, b]}").on.at(1).second.value, "b");
  for (const char* bad : {"join: {table: t}", "join: {on: a}", "join: {table: t, on: a, how: lft}",
                          "join: {table: t, on: a, keys: a}", "join: {table: t, on: []}"}) {
    EXPECT_HAS(step_problems(bad), "error:") << bad;
  }
}

TEST(Steps, GapsAreTimes) {
  const auto gap = [](const std::string& text) {
    return step<SessionizeStep>("sessionize: {by: a, time: t, gap: " + text + "}").gap_us;
  };
  EXPECT_EQ(gap("30m"), 1'800'000'000);
  EXPECT_EQ(gap("500ms"), 500'000);
  EXPECT_EQ(gap("1.5h"), 5'400'000'000);
  EXPECT_EQ(gap("90"), 90'000'000);
  for (const char* bad : {"soon", "-5m", "0", "5 parsecs"}) {
    EXPECT_HAS(step_problems(fmt::format("sessionize: {{by: a, time: t, gap: {}}}", bad)), "write a time") << bad;
  }
}

TEST(Steps, AMinusSortsDownwards) {
  const SortStep sort = step<SortStep>("sort: [a, -b]");
  EXPECT_FALSE(sort.columns.at(0).descending);
  EXPECT_EQ(sort.columns.at(1).column.value, "b");
  EXPECT_TRUE(sort.columns.at(1).descending);
}

}  // namespace
}  // namespace evclean::job_test
