// SPDX-License-Identifier: Apache-2.0
// Rows are packed into letters, one open at a time for each rank. A letter that is full leaves at once, announced by a
// notice with its size, and the next one is packed while it flies. A receiver posts only what it has room for: the rest
// waits at the senders, and a sender with a round's bytes under way waits too. A rank that ends, or fails, says so in a
// notice; who hears of a failure stops as well.
#include "evclean/exchange.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <optional>

#include "evclean/arrow_status.hpp"
#include "evclean/mail.hpp"
#include "letter.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kMinRoundBytes = 256 << 10;
// What flies at a time stays in the caches: with 16 MiB and letters of 1 MiB half as many bytes a second (measured).
constexpr std::int64_t kMaxRoundBytes = 3 << 20;
constexpr std::int64_t kLettersARound = 16;
constexpr std::int64_t kSpareLetters = 32;

/// First number of a notice; the second is the size of a letter.
enum Word : std::int64_t { kLetter, kEnd, kStop };

/// A letter on its way to this rank.
struct Incoming {
  std::int64_t size_bytes = 0;
  std::shared_ptr<arrow::Buffer> bytes;  ///< null: not posted yet
  std::int64_t number = -1;
  bool arrived = false;
};

/// What comes from a rank.
struct Source {
  Mail::Notice notice{};
  std::deque<Incoming> letters;
};

class Exchange final : public Shipper {
 public:
  using Receive = std::function<void(int, std::int64_t, Batch)>;

  Exchange(const Workspace& workspace, const Fields& fields, const Receive& receive, const ExchangeOptions& options)
      : workspace_(workspace),
        comm_(workspace.comm),
        fields_(fields),
        receive_(receive),
        mail_(workspace.comm, options.call_bytes),
        open_(static_cast<std::size_t>(comm_.size())),
        sources_(static_cast<std::size_t>(comm_.size())) {
    round_bytes_ = options.round_bytes > 0 ? options.round_bytes
                                           : std::clamp(workspace.budget->bytes() / 16, kMinRoundBytes, kMaxRoundBytes);
    letter_bytes_ =
        options.letter_bytes > 0 ? options.letter_bytes : std::max<std::int64_t>(1, round_bytes_ / kLettersARound);
  }

  void put(int rank, std::int64_t tag, const Batch& rows) override {
    put_rows(rank, tag, rows, {0, rows.num_rows, nullptr});
  }
  void put(int rank, std::int64_t tag, const Batch& batch, std::span<const std::int32_t> rows) override {
    put_rows(rank, tag, batch, {0, static_cast<std::int64_t>(rows.size()), rows.data()});
  }

  ExchangeCounts run(const std::function<bool(Shipper&)>& produce) {
    for (int from = 0; from < comm_.size(); ++from) {
      if (from != comm_.rank()) await_notice(from);
    }
    for (bool more = true; more && !stopped();) {
      attempt([&] {
        workspace_.pause();
        more = produce(*this);
      });
      serve(mail_.poll());
      while (open_bytes_ + flying_bytes_ >= round_bytes_ && !stopped()) make_room();
    }
    say_goodbye();
    while (!mail_.idle()) serve(mail_.wait());
    comm_.all_ok(error_);
    EVCLEAN_CHECK(!heard_stop_, "a rank stopped without an error");
    return counts_;
  }

 private:
  bool stopped() const { return error_.has_value() || heard_stop_; }

  template <typename Body>
  void attempt(Body&& body) {
    if (stopped()) return;
    try {
      body();
    } catch (const Error& error) {
      error_ = error;
    } catch (const std::exception& error) {
      error_ = Error(ExitCode::kBug, error.what());
    }
  }

  void put_rows(int rank, std::int64_t tag, const Batch& batch, const RowChoice& rows) {
    if (rows.count == 0) return;
    for (std::size_t c = 0; c < batch.columns.size(); ++c) {
      if (batch.is_raw(static_cast<int>(c))) return put_rows(rank, tag, typed(batch), rows);
    }
    if (rank == comm_.rank()) return keep(tag, batch, rows);
    counts_.rows_sent += rows.count;
    pack(rank, tag, batch, rows);
  }

  static Batch typed(const Batch& batch) {
    Batch all = batch;
    for (Column& column : all.columns) {
      if (const auto* raw = std::get_if<SpanColumn>(&column)) column = string_array(*raw);
    }
    return all;
  }

  /// Rows of the own rank.
  void keep(std::int64_t tag, const Batch& batch, const RowChoice& rows) {
    Batch own;
    own.num_rows = rows.count;
    std::vector<std::int32_t> picked;
    if (rows.picked != nullptr) picked.assign(rows.picked, rows.picked + rows.count);
    for (std::size_t c = 0; c < batch.columns.size(); ++c) {
      const auto& array = batch.array(static_cast<int>(c));
      own.names.push_back(fields_[c].name);
      own.columns.emplace_back(rows.picked ? gather(*array, picked) : array);
    }
    receive_(comm_.rank(), tag, std::move(own));
  }

  void pack(int rank, std::int64_t tag, const Batch& batch, const RowChoice& rows) {
    const std::int64_t bytes = block_bytes(batch, rows);
    if (bytes > letter_bytes_ && rows.count > 1) {
      const std::int64_t pieces = std::min(rows.count, (bytes + letter_bytes_ - 1) / letter_bytes_);
      for (std::int64_t piece = 0; piece < pieces; ++piece) {
        const std::int64_t from = rows.count * piece / pieces, to = rows.count * (piece + 1) / pieces;
        pack(rank, tag, batch, rows.part(from, to - from));
      }
      return;
    }
    Bytes& letter = open_[static_cast<std::size_t>(rank)];
    if (letter.size() > 0 && letter.size() + bytes > letter_bytes_) send(rank);
    if (letter.capacity() == 0) letter = spare();
    const std::int64_t before = letter.size();
    pack_block(letter, tag, batch, rows);
    open_bytes_ += letter.size() - before;
    if (letter.size() * 8 >= letter_bytes_ * 7) send(rank);
  }

  /// The open letter of a rank leaves.
  void send(int rank) {
    Bytes letter = std::exchange(open_[static_cast<std::size_t>(rank)], Bytes());
    if (letter.size() == 0) return;
    open_bytes_ -= letter.size();
    flying_bytes_ += letter.size();
    counts_.bytes_sent += letter.size();
    counts_.letters += 1;
    mail_.send_notice(rank, {kLetter, letter.size()});
    const std::int64_t number = mail_.send(rank, letter.data(), letter.size());
    flying_.emplace(number, std::move(letter));
  }

  void send_all() {
    for (int step = 1; step < comm_.size(); ++step) send((comm_.rank() + step) % comm_.size());
  }

  /// So much is under way that this rank waits; where nothing flies, half-filled letters leave.
  void make_room() {
    if (flying_.empty()) send_all();
    serve(mail_.wait());
  }

  /// The last notice of this rank: what comes later is said by all_ok.
  void say_goodbye() {
    if (!stopped()) send_all();
    const std::int64_t word = stopped() ? kStop : kEnd;
    for (int rank = 0; rank < comm_.size(); ++rank) {
      if (rank != comm_.rank()) mail_.send_notice(rank, {word, 0});
    }
  }

  Bytes spare() {
    Bytes letter;
    if (spares_.empty()) return letter;
    letter = std::move(spares_.back());
    spares_.pop_back();
    return letter;
  }

  void await_notice(int from) {
    const std::int64_t number = mail_.receive_notice(from, sources_[static_cast<std::size_t>(from)].notice);
    notices_.emplace(number, from);
  }

  void hear(int from) {
    Source& source = sources_[static_cast<std::size_t>(from)];
    const auto [word, size_bytes] = source.notice;
    if (word == kLetter) {
      source.letters.push_back({size_bytes, nullptr, -1, false});
      await_notice(from);
    } else {
      heard_stop_ = heard_stop_ || word == kStop;
    }
  }

  /// Posts receives while there is room: the next letter of every rank in turn, beginning behind this one.
  void post() {
    const int ranks = comm_.size();
    for (bool posted = true; posted;) {
      posted = false;
      for (int step = 1; step < ranks; ++step) posted = post_next((comm_.rank() + step) % ranks) || posted;
    }
  }

  bool post_next(int from) {
    auto& letters = sources_[static_cast<std::size_t>(from)].letters;
    const auto next = std::find_if(letters.begin(), letters.end(), [](const Incoming& l) { return !l.bytes; });
    if (next == letters.end()) return false;
    if (posted_bytes_ > 0 && posted_bytes_ + next->size_bytes > round_bytes_) return false;
    next->bytes = take_arrow(arrow::AllocateBuffer(next->size_bytes), "receiving rows");
    next->number = mail_.receive(from, reinterpret_cast<char*>(next->bytes->mutable_data()), next->size_bytes);
    receiving_.emplace(next->number, from);
    posted_bytes_ += next->size_bytes;
    return true;
  }

  /// Puts away what is done: letters sent give their buffers back, letters received are opened, in order.
  void serve(const std::vector<std::int64_t>& done) {
    for (const std::int64_t number : done) {
      if (const auto sent = flying_.find(number); sent != flying_.end()) {
        flying_bytes_ -= sent->second.size();
        recycle(std::move(sent->second));
        flying_.erase(sent);
      } else if (const auto notice = notices_.find(number); notice != notices_.end()) {
        const int from = notice->second;
        notices_.erase(notice);
        hear(from);
      } else if (const auto letter = receiving_.find(number); letter != receiving_.end()) {
        const int from = letter->second;
        receiving_.erase(letter);
        for (Incoming& l : sources_[static_cast<std::size_t>(from)].letters)
          l.arrived = l.arrived || l.number == number;
        deliver(from);
      }
    }
    if (!done.empty()) post();
  }

  void recycle(Bytes bytes) {
    if (static_cast<std::int64_t>(spares_.size()) >= kSpareLetters || bytes.capacity() > 2 * letter_bytes_) return;
    bytes.clear();
    spares_.push_back(std::move(bytes));
  }

  void deliver(int from) {
    auto& letters = sources_[static_cast<std::size_t>(from)].letters;
    while (!letters.empty() && letters.front().arrived) {
      const Incoming letter = std::move(letters.front());
      letters.pop_front();
      posted_bytes_ -= letter.size_bytes;
      attempt([&] {
        open_letter(letter.bytes, fields_, [&](std::int64_t tag, Batch rows) { receive_(from, tag, std::move(rows)); });
      });
    }
  }

  const Workspace& workspace_;
  const Comm& comm_;
  const Fields& fields_;
  const Receive& receive_;
  Mail mail_;
  std::int64_t round_bytes_ = 0, letter_bytes_ = 0;
  std::vector<Bytes> open_;  ///< the letter being written, a rank
  std::int64_t open_bytes_ = 0;
  std::map<std::int64_t, Bytes> flying_;
  std::int64_t flying_bytes_ = 0;
  std::vector<Bytes> spares_;
  std::vector<Source> sources_;
  std::map<std::int64_t, int> notices_, receiving_;  ///< what is awaited, and from whom
  std::int64_t posted_bytes_ = 0;
  bool heard_stop_ = false;
  std::optional<Error> error_;
  ExchangeCounts counts_;
};

}  // namespace

ExchangeCounts exchange(const Workspace& workspace, const Fields& fields, const std::function<bool(Shipper&)>& produce,
                        const std::function<void(int source, std::int64_t tag, Batch rows)>& receive,
                        const ExchangeOptions& options) {
  return Exchange(workspace, fields, receive, options).run(produce);
}

}  // namespace evclean
