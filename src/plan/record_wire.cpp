// SPDX-License-Identifier: Apache-2.0
// One list of fields a type serves both ways, so that they cannot differ.
#include "record_wire.hpp"

#include "wire.hpp"

namespace evclean {
namespace {

template <typename Archive>
void fields_of(Archive& archive, TextCut& cut) {
  archive(cut.at_bytes, cut.resume_bytes, cut.head_lost);
}

template <typename Archive>
void fields_of(Archive& archive, ReadDamage& damage) {
  archive(damage.damaged, damage.count, damage.at_bytes, damage.stored_offset, damage.reason, damage.lost_stored_bytes,
          damage.unverified_from, damage.unverified, damage.checked_to, damage.cuts);
}

template <typename Archive>
void fields_of(Archive& archive, SegmentOutcome& segment) {
  archive(segment.file, segment.first, segment.end, segment.newlines, segment.lines, segment.blank, segment.rejected,
          segment.extra_fields, segment.duplicate_keys, segment.lone_surrogates, segment.preamble_lines,
          segment.replaced, segment.nul_bytes, segment.unverified, segment.damage, segment.skipped,
          segment.state_before, segment.state_behind, segment.text_end, segment.ending);
}

template <typename Archive>
void fields_of(Archive& archive, PatternTally& tally) {
  archive(tally.pattern, tally.tried, tally.hit, tally.limit, tally.timed, tally.timed_seconds, tally.compared,
          tally.shadowed);
}

template <typename Archive>
void fields_of(Archive& archive, InputColumn& column) {
  archive(column.name, column.fixed, column.type);
}

template <typename Archive>
void fields_of(Archive& archive, OpState& state) {
  archive(state.evidence, state.misfits, state.filtered, state.next_row, state.rows_in, state.rows_out, state.odd,
          state.patterns, state.seconds, state.key_texts, state.counters);
}

template <typename Archive>
void fields_of(Archive& archive, SplitRecord& record) {
  archive(record.segments, record.kept, record.filtered, record.rejected, record.patterns, record.rejected_rows,
          record.columns, record.unknown, record.missing, record.state, record.certain, record.poisoned);
}

template <typename T>
concept Plain = std::is_trivially_copyable_v<T>;

/// What saving and loading share: which parts a value has.
template <typename Self>
class Archive {
 public:
  template <typename... T>
  void operator()(T&... values) {
    (self().one(values), ...);
  }

 protected:
  template <typename A, typename B>
  void one(std::pair<A, B>& value) {
    (*this)(value.first, value.second);
  }
  template <typename T>
  void one(T& value) {
    fields_of(*this, value);
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

class Saving : public Archive<Saving> {
 public:
  std::string take() { return out_.take(); }

 private:
  friend Archive<Saving>;
  using Archive<Saving>::one;
  template <Plain T>
  void one(T& value) {
    out_.put(value);
  }
  void one(std::string& value) { out_.text(value); }
  void one(Evidence& value) { out_.text(value.serialize()); }
  template <typename T>
  void one(std::vector<T>& values) {
    out_.put(static_cast<std::int64_t>(values.size()));
    for (T& value : values) one(value);
  }
  template <typename K, typename V>
  void one(std::map<K, V>& values) {
    out_.put(static_cast<std::int64_t>(values.size()));
    for (auto& [key, value] : values) {
      K copy = key;
      (*this)(copy, value);
    }
  }

  Packer out_;
};

class Loading : public Archive<Loading> {
 public:
  explicit Loading(std::string_view bytes) : in_(bytes) {}
  bool at_end() const { return in_.empty(); }

 private:
  friend Archive<Loading>;
  using Archive<Loading>::one;
  template <Plain T>
  void one(T& value) {
    value = in_.get<T>();
  }
  void one(std::string& value) { value = in_.text(); }
  void one(Evidence& value) { value = Evidence::parse(in_.text()); }
  template <typename T>
  void one(std::vector<T>& values) {
    values.clear();
    for (auto left = in_.get<std::int64_t>(); left > 0; --left) one(values.emplace_back());
  }
  template <typename K, typename V>
  void one(std::map<K, V>& values) {
    values.clear();
    for (auto left = in_.get<std::int64_t>(); left > 0; --left) {
      K key{};
      one(key);
      one(values[key]);
    }
  }

  Unpacker in_;
};

template <typename T>
std::string saved(T& value) {
  Saving saving;
  saving(value);
  return saving.take();
}

template <typename T>
void load(std::string_view bytes, T& value) {
  Loading loading(bytes);
  loading(value);
  EVCLEAN_CHECK(loading.at_end(), "a message of {} bytes has more than one value", bytes.size());
}

}  // namespace

std::string pack_record(SplitRecord& record) { return saved(record); }
void unpack_record(std::string_view bytes, SplitRecord& record) { load(bytes, record); }

std::string pack_tallies(std::vector<std::vector<PatternTally>>& tallies) { return saved(tallies); }

std::vector<std::vector<PatternTally>> unpack_tallies(std::string_view bytes) {
  std::vector<std::vector<PatternTally>> tallies;
  load(bytes, tallies);
  return tallies;
}

}  // namespace evclean
