// SPDX-License-Identifier: Apache-2.0
#include "job_text.hpp"

namespace evclean::job_test {
namespace {

using Kind = EncodedColumn::Kind;

EncodeStep encode(const std::string& keys) {
  const Job parsed = job(with_steps("  - encode: {" + keys + "}\n"));
  return std::get<EncodeStep>(parsed.tables.at(0).steps.at(0).body);
}

std::string encode_problems(const std::string& keys) { return problems(with_steps("  - encode: {" + keys + "}\n")); }

TEST(Encode, ColumnsStandInTheOrderWrittenAndIndicatorsLast) {
  const EncodeStep step = encode(
      "label: y, keep: n, missing: [a], hash: {path: 64}, one_hot: [a, b], ordinal: {size: [s, m, l], c: sorted}, "
      "standardise: [d]");
  std::string names;
  for (const EncodedColumn& column : step.columns) names += column.column.value + " ";
  EXPECT_EQ(names, "n path a b size c d a ");
  EXPECT_EQ(step.columns[0].kind, Kind::kKeep);
  EXPECT_EQ(step.columns[1].buckets, 64);
  EXPECT_EQ(*step.columns[4].categories, (std::vector<std::string>{"s", "m", "l"}));
  EXPECT_FALSE(step.columns[5].categories);
  EXPECT_EQ(step.columns[7].kind, Kind::kMissing);
  EXPECT_EQ(step.label->value, "y");
}

TEST(Encode, ASplitTakesASharesAndASeed) {
  const EncodeStep step = encode("keep: [n], split: {by: [user, day], test: 25%, seed: 7}, id: user, missing: true");
  EXPECT_EQ(step.split->by.size(), 2u);
  EXPECT_EQ(step.split->test, 0.25);
  EXPECT_EQ(step.split->seed, 7);
  EXPECT_TRUE(step.all_missing);
  EXPECT_EQ(step.id.at(0).value, "user");
  EXPECT_EQ(encode("keep: [n], split: {by: user}").split->test, 0.2);
  EXPECT_EQ(encode("standardize: [n]").columns.at(0).kind, Kind::kStandardise);
  EXPECT_EQ(encode("fitted: m.json, split: {by: user}, id: [a]").fitted->value, "m.json");
}

TEST(Encode, MistakesAreNamed) {
  EXPECT_HAS(encode_problems(""), "encode names no feature");
  EXPECT_HAS(encode_problems("label: y"), "encode names no feature");
  EXPECT_HAS(encode_problems("onehot: [a]"), "unknown key 'onehot'");
  EXPECT_HAS(encode_problems("onehot: [a]"), "one_hot");
  EXPECT_HAS(encode_problems("hash: [a]"), "column to number of buckets");
  EXPECT_HAS(encode_problems("hash: {a: 0}"), "encode.hash.a");
  EXPECT_HAS(encode_problems("standardise: {a: 1}"), "takes a list of columns");
  EXPECT_HAS(encode_problems("one_hot: {a: [x, x]}"), "the category 'x' twice");
  EXPECT_HAS(encode_problems("one_hot: {a: any}"), "or the word sorted");
  EXPECT_HAS(encode_problems("one_hot: [a, a]"), "'a' is named twice");
  EXPECT_HAS(encode_problems("one_hot: [y], label: y"), "'y' is the label, so it cannot be a feature too");
  EXPECT_HAS(encode_problems("keep: [n], id: [y], label: y"), "the id 'y' would stand in the table twice");
  EXPECT_HAS(encode_problems("keep: [n], split: {test: 20%}"), "by");
  EXPECT_HAS(encode_problems("keep: [n], split: {by: a, test: 100%}"), "a share between 0 and 1");
  EXPECT_HAS(encode_problems("keep: [n], max_categories: 0"), "max_categories");
  EXPECT_HAS(encode_problems("fitted: m.json, one_hot: [a]"), "only split and id stand beside it");
  EXPECT_EQ(encode("fitted: 's3://b/m.json', s3: {region: eu-west-1}").s3->region, "eu-west-1");
  EXPECT_HAS(encode_problems("fitted: 's3:///m'"), "names no bucket");
  EXPECT_HAS(encode_problems("keep: [n], s3: {region: eu-west-1}"), "encode.s3 is for fitted");
  EXPECT_HAS(encode_problems("fitted: 's3://b/m.json', s3: {acl: private}"), "encode.s3.acl");
  EXPECT_EQ(std::get<EncodeStep>(job("input: {paths: a, s3: {profile: x}}\ns3: {profile: y}\nsteps: [{encode: {fitted: "
                                     "'s3://b/m'}}]\noutput: o.csv\n")
                                     .tables.at(0)
                                     .steps.at(0)
                                     .body)
                .s3->profile,
            "x");
  EXPECT_EQ(problems(with_steps("  - encode: {keep: [a]}\n  - encode: {keep: [b]}\n")), "");
}

TEST(Encode, MatricesAreOutputsOfTheirOwnKind) {
  EXPECT_TRUE(job(with_output("path: a.npy")).outputs.at(0).matrix);
  EXPECT_TRUE(job(with_output("path: a.h5, layout: matrix, compression_level: 0")).outputs.at(0).matrix);
  EXPECT_FALSE(job(with_output("path: a.h5, layout: table")).outputs.at(0).matrix);
  EXPECT_HAS(problems(with_output("path: a.csv, layout: matrix")), "layout is for HDF5 only");
  EXPECT_EQ(job(with_output("path: a.npy, files: 4")).outputs.at(0).files, 4);
  EXPECT_EQ(job(with_output("path: a.h5, layout: matrix, files: 2")).outputs.at(0).files, 2);
  EXPECT_EQ(job(with_output("path: a.npy, file_size: 1MiB")).outputs.at(0).file_size_bytes, 1 << 20);
  EXPECT_HAS(problems(with_output("path: a.h5, layout: matrix, file_size: 1MiB")), "file_size is not for HDF5");
  EXPECT_HAS(problems(with_output("path: a.h5, layout: matrix, partition_by: [x]")),
             "partition_by is not for a matrix");
  EXPECT_HAS(problems(with_output("path: a.npy, compression_level: 3")), ".npy is not compressed");
  EXPECT_HAS(problems(with_output("path: out/, format: npy")), "a matrix needs a file name");
  EXPECT_HAS(problems("input: {paths: a}\noutput:\n  - {path: a.h5, layout: matrix}\n  - {path: a.h5, key: k}\n"),
             "holds nothing else");
  const std::string two =
      "input: {paths: a}\nsteps: [{encode: {keep: [n]}}]\ntables: {t: {paths: b, steps: [{encode: {keep: "
      "[n]}}]}}\noutput: [o/f.npy, o/f.csv, {path: o/";
  EXPECT_HAS(problems(two + "f.parquet, table: t}]\n"), "would both be o/f.mapping.json");
  EXPECT_EQ(problems(two + "g.parquet, table: t}]\n"), "");
}

}  // namespace
}  // namespace evclean::job_test
