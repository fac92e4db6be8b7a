// SPDX-License-Identifier: Apache-2.0
#include "compiler.hpp"

#include <algorithm>

#include "evclean/error.hpp"
#include "evclean/suggest.hpp"

namespace evclean {

std::vector<std::string> PipelineCompiler::Impl::names() const {
  std::vector<std::string> out;
  for (const Sym& column : columns) out.push_back(column.name);
  return out;
}

Fields PipelineCompiler::Impl::fields() const {
  Fields out;
  for (const Sym& column : columns) out.push_back({column.name, column.slot >= 0 ? ValueType::kString : column.type});
  return out;
}

int PipelineCompiler::Impl::find(const std::string& name) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

int PipelineCompiler::Impl::require(const Text& name) const {
  const int at = find(name.value);
  if (at >= 0) return at;
  std::string known;
  for (const Sym& column : columns) known += (known.empty() ? "" : ", ") + column.name;
  StepError error{fmt::format("no column '{}'{}; columns here: {}", name.value, did_you_mean(name.value, names()),
                              known.empty() ? "none" : known),
                  name.place,
                  {},
                  closed};
  error.unknown = name.value;
  throw error;
}

int PipelineCompiler::Impl::add_slot(const std::string& name, int step, bool fixed) {
  slots.push_back(Slot{name, step, fixed, {}});
  settled.push_back(fixed);
  empty.push_back(false);
  return static_cast<int>(slots.size()) - 1;
}

void PipelineCompiler::Impl::put(const std::string& name, ValueType type, int slot) {
  const int at = find(name);
  if (at < 0) {
    columns.push_back({name, type, slot});
  } else {
    columns[static_cast<std::size_t>(at)] = {name, type, slot};
  }
}

Ops PipelineCompiler::Impl::settle_ops(const std::vector<int>& positions, bool convert) {
  std::vector<Settlement> settlements;
  for (const int position : positions) {
    Sym& column = columns[static_cast<std::size_t>(position)];
    if (column.slot < 0) continue;
    const Slot& slot = slots[static_cast<std::size_t>(column.slot)];
    settlements.push_back({column.name, column.slot, slot.type, !slot.fixed, convert});
    if (!convert) continue;
    column.type = slot.type.type;
    column.empty_slot = empty[static_cast<std::size_t>(column.slot)] ? column.slot : -1;
    column.slot = -1;
  }
  if (settlements.empty()) return {};
  return one(make_settle_op(std::move(settlements), options.nulls, options.zone));
}

/// Declared types stand before the first step: the text becomes that type, or the record a reject.
Ops PipelineCompiler::Impl::declared_ops() {
  Ops ops;
  for (const NamedText& wanted : options.types) {
    const int at = find(wanted.name);
    const bool absent = std::find(options.absent.begin(), options.absent.end(), wanted.name) != options.absent.end();
    if (at < 0 && !absent) continue;  // it may come tomorrow; the report notes it
    const auto type = parse_cast_type(wanted.value);
    if (!type) throw StepError{fmt::format("types: '{}' is not a type", wanted.value), wanted.value_place, {}, true};
    if (at < 0) {
      put(wanted.name, type->type);
      ops.push_back(make_absent_op(wanted.name, type->type));
      continue;
    }
    Sym& column = columns[static_cast<std::size_t>(at)];
    if (column.slot >= 0) {
      slots[static_cast<std::size_t>(column.slot)].fixed = true;  // not inferred
      settled[static_cast<std::size_t>(column.slot)] = true;
      Ops mark = settle_ops({at}, type->type == ValueType::kString);
      for (auto& op : mark) ops.push_back(std::move(op));
    }
    ops.push_back(make_cast_op(wanted.name, *type, false, options.zone, "types"));
    column.type = type->type;
    column.slot = -1;
  }
  return ops;
}

Error PipelineCompiler::Impl::located(const StepError& error) const {
  std::string text;
  if (error.place.line > 0) text = error.place.in(options.job_path) + ": ";
  if (at < static_cast<int>(steps.size())) text += fmt::format("{}: ", spec().name);
  text += error.message;
  if (!error.caret.empty()) text += "\n" + error.caret;
  return Error(ExitCode::kUser, text);
}

PipelineCompiler::PipelineCompiler(const std::vector<StepSpec>& steps, std::vector<InputColumn> input, bool closed,
                                   Options options)
    : impl_(std::make_unique<Impl>()) {
  impl_->steps = steps;
  impl_->closed = closed;
  impl_->options = std::move(options);
  for (const InputColumn& column : input) {
    const bool typed = column.fixed && column.type != ValueType::kString;
    impl_->columns.push_back({column.name, column.type, typed ? -1 : impl_->add_slot(column.name, -1, column.fixed)});
    if (!typed) impl_->empty.back() = impl_->options.valueless.count(column.name) > 0;
  }
}

PipelineCompiler::~PipelineCompiler() = default;
PipelineCompiler::PipelineCompiler(PipelineCompiler&&) noexcept = default;

bool PipelineCompiler::done() const { return impl_->finished; }
int PipelineCompiler::step() const { return impl_->at; }
Fields PipelineCompiler::fields() const { return impl_->fields(); }
const std::vector<Slot>& PipelineCompiler::slots() const { return impl_->slots; }
const std::string& PipelineCompiler::name_now(int slot) const {
  const auto column =
      std::find_if(impl_->columns.begin(), impl_->columns.end(), [&](const Sym& c) { return c.slot == slot; });
  EVCLEAN_CHECK(column != impl_->columns.end(), "the column of slot {} is gone", slot);
  return column->name;
}
bool PipelineCompiler::error_is_final() const { return impl_->last_error_final; }
const std::string& PipelineCompiler::unknown_column() const { return impl_->last_unknown; }
const std::vector<RenamedColumn>& PipelineCompiler::renames() const { return impl_->renames; }
const std::set<int>& PipelineCompiler::empties_used() const { return impl_->empties_used; }

void PipelineCompiler::settle(int slot, ColumnType type, bool empty) {
  impl_->empty[static_cast<std::size_t>(slot)] = empty;
  impl_->slots[static_cast<std::size_t>(slot)].type = type;
  impl_->settled[static_cast<std::size_t>(slot)] = true;
}

std::vector<int> PipelineCompiler::needs() {
  try {
    if (!impl_->declared) return {};
    std::vector<int> wanted;
    for (const int position : impl_->used()) {
      const int slot = impl_->columns[static_cast<std::size_t>(position)].slot;
      if (slot >= 0 && !impl_->settled[static_cast<std::size_t>(slot)]) wanted.push_back(slot);
    }
    return wanted;
  } catch (const StepError& error) {
    impl_->last_error_final = error.final;
    impl_->last_unknown = error.unknown;
    throw impl_->located(error);
  }
}

std::vector<std::unique_ptr<Op>> PipelineCompiler::settling() {
  if (!impl_->declared) return {};
  try {
    Ops ops = impl_->settle_ops(impl_->used(), true);
    for (auto& op : ops) op->step = impl_->at;
    return ops;
  } catch (const StepError& error) {
    impl_->last_error_final = error.final;
    impl_->last_unknown = error.unknown;
    throw impl_->located(error);
  }
}

std::vector<std::unique_ptr<Op>> PipelineCompiler::next() {
  try {
    Ops ops;
    const int step = impl_->at;
    const bool at_end = step == static_cast<int>(impl_->steps.size());
    if (!impl_->declared) {
      ops = impl_->declared_ops();
      impl_->declared = true;
      for (auto& op : ops) op->step = -1;
      return ops;
    }
    if (at_end) {
      std::vector<int> all(impl_->columns.size());
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
      ops = impl_->settle_ops(all, true);
      impl_->finished = true;
    } else {
      ops = impl_->compile_step();
      ++impl_->at;
    }
    for (auto& op : ops) op->step = at_end ? -1 : step;
    return ops;
  } catch (const StepError& error) {
    impl_->last_error_final = error.final;
    impl_->last_unknown = error.unknown;
    throw impl_->located(error);
  }
}

}  // namespace evclean
