// SPDX-License-Identifier: Apache-2.0
// A round: every rank tells the others how long its letters are (and whether it failed or has more), then the letters
// fly while the next ones are packed. A receiver posts only as many as it has room for; the rest waits at the senders.
#include "evclean/exchange.hpp"

#include <algorithm>
#include <chrono>
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
constexpr std::int64_t kMaxRoundBytes = 16 << 20;
constexpr std::int64_t kLetterBytes = 1 << 20;
constexpr std::int64_t kSpareLetters = 32;
// Who has little to send still hears of the others' errors, and lets them go on.
constexpr std::chrono::milliseconds kLongestSilence{20};

/// First word of what a rank tells before a round.
enum class State : std::int64_t { kLastRound, kMore, kFailed };

/// A letter on its way to this rank.
struct Incoming {
  std::int64_t size_bytes = 0;
  std::shared_ptr<arrow::Buffer> bytes;  ///< null: not posted yet
  std::int64_t number = -1;
  bool arrived = false;
};

struct Outgoing {
  int rank = 0;
  Bytes bytes;
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
        incoming_(static_cast<std::size_t>(comm_.size())) {
    round_bytes_ = options.round_bytes > 0 ? options.round_bytes
                                           : std::clamp(workspace.budget->bytes() / 16, kMinRoundBytes, kMaxRoundBytes);
    letter_bytes_ = options.letter_bytes > 0 ? options.letter_bytes : std::min(kLetterBytes, round_bytes_);
  }

  void put(int rank, std::int64_t tag, const Batch& rows) override {
    put_rows(rank, tag, rows, {0, rows.num_rows, nullptr});
  }
  void put(int rank, std::int64_t tag, const Batch& batch, std::span<const std::int32_t> rows) override {
    put_rows(rank, tag, batch, {0, static_cast<std::int64_t>(rows.size()), rows.data()});
  }

  ExchangeCounts run(const std::function<bool(Shipper&)>& produce) {
    bool more = true;
    for (bool last = false; !last;) {
      const auto began = std::chrono::steady_clock::now();
      while (more && !error_ && queued_bytes_ < round_bytes_) {
        attempt([&] {
          workspace_.pause();
          more = produce(*this);
        });
        serve(mail_.poll());
        if (comm_.size() > 1 && std::chrono::steady_clock::now() - began > kLongestSilence) break;
      }
      land();
      last = start_round(more && !error_);
    }
    land();
    comm_.all_ok(error_);
    return counts_;
  }

 private:
  template <typename Body>
  void attempt(Body&& body) {
    if (error_) return;
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
    if (letter.size() > 0 && letter.size() + bytes > letter_bytes_) close(rank);
    if (letter.capacity() == 0) letter = spare();
    const std::int64_t before = letter.size();
    pack_block(letter, tag, batch, rows);
    queued_bytes_ += letter.size() - before;
  }

  void close(int rank) {
    Bytes& letter = open_[static_cast<std::size_t>(rank)];
    if (letter.size() == 0) return;
    queue_.push_back({rank, std::move(letter)});
    letter = Bytes();
  }

  Bytes spare() {
    Bytes letter;
    if (spares_.empty()) return letter;
    letter = std::move(spares_.back());
    spares_.pop_back();
    return letter;
  }

  /// Takes letters for one round off the queue.
  std::vector<Outgoing> next_letters() {
    for (int rank = 0; rank < comm_.size(); ++rank) close(rank);
    std::vector<Outgoing> letters;
    for (std::int64_t bytes = 0; !queue_.empty(); queue_.pop_front()) {
      bytes += queue_.front().bytes.size();
      if (!letters.empty() && bytes > round_bytes_) break;
      queued_bytes_ -= queue_.front().bytes.size();
      letters.push_back(std::move(queue_.front()));
    }
    return letters;
  }

  /// Tells sizes, hears of them, and starts the letters. Gives true when no round follows.
  bool start_round(bool more) {
    std::vector<Outgoing> letters;
    if (!error_) letters = next_letters();
    const State state = error_ ? State::kFailed : more || !queue_.empty() ? State::kMore : State::kLastRound;
    const State worst = tell(state, letters);
    if (worst == State::kFailed) {
      for (auto& letters_of_rank : incoming_) letters_of_rank.clear();
      return true;
    }
    for (Outgoing& letter : letters) send(std::move(letter));
    counts_.rounds += 1;
    post();
    return worst == State::kLastRound;
  }

  State tell(State state, const std::vector<Outgoing>& letters) {
    std::vector<std::vector<std::int64_t>> words(open_.size(), {static_cast<std::int64_t>(state)});
    for (const Outgoing& letter : letters) words[static_cast<std::size_t>(letter.rank)].push_back(letter.bytes.size());
    std::vector<std::string> told;
    for (const auto& list : words) told.emplace_back(reinterpret_cast<const char*>(list.data()), list.size() * 8);
    State worst = State::kLastRound;
    const std::vector<std::string> heard = comm_.all_to_all(told);
    for (std::size_t rank = 0; rank < heard.size(); ++rank) worst = std::max(worst, hear(rank, heard[rank]));
    return worst;
  }

  State hear(std::size_t rank, const std::string& told) {
    std::vector<std::int64_t> words(told.size() / 8);
    std::memcpy(words.data(), told.data(), words.size() * 8);
    for (std::size_t i = 1; i < words.size(); ++i) incoming_[rank].push_back({words[i], nullptr, -1, false});
    return static_cast<State>(words[0]);
  }

  void send(Outgoing letter) {
    counts_.bytes_sent += letter.bytes.size();
    const std::int64_t number = mail_.send(letter.rank, letter.bytes.data(), letter.bytes.size());
    flying_.emplace(number, std::move(letter.bytes));
  }

  /// Posts receives while there is room: the next letter of every rank in turn, beginning behind this one.
  void post() {
    const int ranks = comm_.size();
    for (bool posted = true; posted;) {
      posted = false;
      for (int step = 1; step < ranks; ++step) {
        const int from = (comm_.rank() + step) % ranks;
        posted = post_next(from) || posted;
      }
    }
  }

  bool post_next(int from) {
    auto& letters = incoming_[static_cast<std::size_t>(from)];
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
        recycle(std::move(sent->second));
        flying_.erase(sent);
        continue;
      }
      const auto from = receiving_.find(number);
      for (Incoming& letter : incoming_[static_cast<std::size_t>(from->second)]) {
        if (letter.number == number) letter.arrived = true;
      }
      deliver(from->second);
      receiving_.erase(from);
    }
    if (!done.empty()) post();
  }

  void recycle(Bytes bytes) {
    if (static_cast<std::int64_t>(spares_.size()) >= kSpareLetters || bytes.capacity() > 2 * kLetterBytes) return;
    bytes.clear();
    spares_.push_back(std::move(bytes));
  }

  void deliver(int from) {
    auto& letters = incoming_[static_cast<std::size_t>(from)];
    while (!letters.empty() && letters.front().arrived) {
      const Incoming letter = std::move(letters.front());
      letters.pop_front();
      posted_bytes_ -= letter.size_bytes;
      attempt([&] {
        open_letter(letter.bytes, fields_, [&](std::int64_t tag, Batch rows) { receive_(from, tag, std::move(rows)); });
      });
    }
  }

  /// Waits for the end of the round that flies.
  void land() {
    while (!mail_.idle()) serve(mail_.wait());
  }

  const Workspace& workspace_;
  const Comm& comm_;
  const Fields& fields_;
  const Receive& receive_;
  Mail mail_;
  std::int64_t round_bytes_ = 0, letter_bytes_ = 0;
  std::vector<Bytes> open_;  ///< the letter being written, a rank
  std::deque<Outgoing> queue_;
  std::int64_t queued_bytes_ = 0;  ///< of the queue and the open letters
  std::vector<Bytes> spares_;
  std::map<std::int64_t, Bytes> flying_;
  std::vector<std::deque<Incoming>> incoming_;
  std::map<std::int64_t, int> receiving_;
  std::int64_t posted_bytes_ = 0;
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
