// SPDX-License-Identifier: Apache-2.0
// What a join is to do, settled from its spec and both sides' columns.
#pragma once

#include "evclean/relational.hpp"

namespace evclean {

/// How the values of a pair of key columns compare.
enum class KeyKind : std::uint8_t { kText, kNumber, kMoment, kBool };

struct JoinPlan {
  JoinSpec spec;
  Fields left, right;
  std::vector<KeyKind> kinds;  ///< a key pair
  Fields result;

  bool carries_payload() const { return spec.how != JoinHow::kSemi && spec.how != JoinHow::kAnti; }
  /// Left rows without a match are in the result.
  bool keeps_left() const {
    return spec.how == JoinHow::kLeft || spec.how == JoinHow::kFull || spec.how == JoinHow::kAnti;
  }
  /// Right rows without a match are.
  bool keeps_right() const { return spec.how == JoinHow::kRight || spec.how == JoinHow::kFull; }
  /// Candidate pairs need the right side's columns.
  bool needs_payload() const { return carries_payload() || spec.residual; }
};

/// How values of a type compare with their like: keys meet when both sides' kinds are the same.
KeyKind key_kind(ValueType type);

/// Errors: user Error naming both columns when their types cannot compare.
JoinPlan plan_join(const Fields& left, const Fields& right, const JoinSpec& spec);

/// Values of one side as the result's key has them: int64 as float64, date as timestamp; the same type as it is.
/// Errors: user Error naming the key and an integer that float64 does not hold.
std::shared_ptr<arrow::Array> widen(const std::shared_ptr<arrow::Array>& array, const Field& key);

}  // namespace evclean
