// SPDX-License-Identifier: Apache-2.0
// Random dirty CSV against a slow automaton written from the rules alone, in pieces of any size and cut anywhere.
#include <gtest/gtest.h>

#include <random>

#include "structured_run.hpp"

namespace evclean::test {
namespace {

struct Expected {
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> rejects;
  std::int64_t blank = 0;
};

/// Comma, double quote, LF or CR LF; the header is `columns` names.
class Reference {
 public:
  Reference(std::string text, std::size_t columns) : text_(std::move(text)), columns_(columns) {}

  Expected read() {
    while (at_ < text_.size()) record();
    return std::move(out_);
  }

 private:
  bool line_end(std::size_t at, std::size_t& bytes) const {
    bytes = at < text_.size() && text_[at] == '\r' ? 2 : 1;
    if (at >= text_.size()) return bytes = 0, true;
    return text_[at] == '\n' || (text_[at] == '\r' && at + 1 < text_.size() && text_[at + 1] == '\n');
  }

  void record() {
    const std::size_t begin = at_;
    std::vector<Cell> cells;
    for (;;) {
      Cell cell;
      std::string value;
      if (at_ < text_.size() && text_[at_] == '"') {
        cell.quoted = true;
        for (++at_;; ++at_) {
          if (at_ >= text_.size()) return reject_line(begin);
          if (text_[at_] == '"' && (at_ + 1 >= text_.size() || text_[at_ + 1] != '"')) break;
          if (text_[at_] == '"') ++at_;
          value += text_[at_];
        }
        ++at_;
        std::size_t bytes = 0;
        if (!line_end(at_, bytes) && text_[at_] != ',') return reject_line(begin);
      } else {
        for (std::size_t bytes = 0; !line_end(at_, bytes) && text_[at_] != ','; ++at_) value += text_[at_];
      }
      cell.text = value;
      cells.push_back(cell);
      std::size_t bytes = 0;
      if (line_end(at_, bytes)) {
        const std::string raw = text_.substr(begin, at_ - begin);
        at_ += bytes;
        return take(cells, raw);
      }
      ++at_;
    }
  }

  void reject_line(std::size_t begin) {
    const std::size_t lf = text_.find('\n', begin);
    std::string line = text_.substr(begin, lf == std::string::npos ? lf : lf - begin);
    at_ = lf == std::string::npos ? text_.size() : lf + 1;
    if (lf != std::string::npos && !line.empty() && line.back() == '\r') line.pop_back();
    out_.rejects.push_back(line);
  }

  void take(std::vector<Cell> cells, const std::string& raw) {
    const bool one = cells.size() == 1 && !cells[0].quoted;
    bool header = cells.size() >= columns_;
    for (std::size_t i = 0; header && i < columns_; ++i) header = *cells[i].text == std::string(1, char('a' + i));
    if (one && raw.find_first_not_of(" \t") == std::string::npos) {
      ++out_.blank;
    } else if (cells.size() > columns_ + 1 || (cells.size() == columns_ + 1 && !cells.back().text->empty())) {
      out_.rejects.push_back(raw);
    } else if (header) {
      ++out_.blank;
    } else {
      cells.resize(columns_);
      out_.rows.push_back(cells);
    }
  }

  std::string text_;
  std::size_t columns_;
  std::size_t at_ = 0;
  Expected out_;
};

std::string random_csv(std::mt19937& random, std::size_t columns, std::size_t records, int dirt) {
  const char* const values[] = {"",
                                "1",
                                "x y",
                                "long value with many bytes to fill a block",
                                "\"q,1\"",
                                "\"a\"\"b\"",
                                "\"two\nlines\"",
                                "\"two\r\nlines\"",
                                "\"\"",
                                "\"\"\"\"",
                                "\xC3\xA9",
                                " ",
                                "a",
                                "\"a\"",
                                "b"};
  const char* const dirty[] = {"5\" disk", "\"open", "\"x\"y", "x\"", "\r", "\"\"x", ",,", "\n", "\"a\"\"", "a,b,c"};
  std::string text;
  for (std::size_t c = 0; c < columns; ++c) text += std::string(c > 0 ? "," : "") + static_cast<char>('a' + c);
  text += "\n";
  for (std::size_t r = 0; r < records; ++r) {
    std::size_t width = columns;
    if (random() % 9 == 0) width = 1 + random() % (columns + 2);
    for (std::size_t c = 0; c < width; ++c) {
      if (c > 0) text += ",";
      const bool bad = static_cast<int>(random() % 100) < dirt;
      text += bad ? dirty[random() % std::size(dirty)] : values[random() % std::size(values)];
    }
    text += random() % 4 == 0 ? "\r\n" : "\n";
  }
  if (random() % 2 == 0) text.pop_back();
  return text;
}

FormatSpec comma_spec() {
  FormatSpec spec;
  spec.delimiter = ",";
  spec.quote = "\"";
  return spec;
}

/// The sniffed layout of dirty text is not what is tested here: a clean head of the same shape stands for it.
void begin(Decoder& decoder, std::size_t columns) {
  std::string head = "a";
  for (std::size_t c = 1; c < columns; ++c) head += std::string(",") + static_cast<char>('a' + c);
  decoder.begin_file({}, head + "\n");
}

void expect_same(const Decoded& decoded, const Expected& expected, const std::string& where) {
  ASSERT_EQ(decoded.squared(), expected.rows) << where;
  std::vector<std::string> rejects;
  for (const Reject& reject : decoded.rejects) rejects.push_back(reject.text);
  ASSERT_EQ(rejects, expected.rejects) << where;
  ASSERT_EQ(decoded.lines, static_cast<std::int64_t>(expected.rows.size() + rejects.size()) + decoded.blank) << where;
}

TEST(CsvRandom, EqualsTheSlowAutomatonInPiecesOfAnySize) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    const std::size_t columns = 1 + random() % 5;
    const std::string text =
        random_csv(random, columns, round % 100 == 50 ? 6'000 : 1 + random() % 40, round % 3 == 0 ? 0 : 5);
    const Expected expected = Reference(text, columns).read();
    for (std::size_t piece : {std::size_t{1} + random() % 7, std::size_t{20} + random() % 90, text.size()}) {
      if (text.size() > 20'000 && piece < 1'000) piece *= 2'000;
      auto decoder = make_csv_decoder(comma_spec(), false);
      begin(*decoder, columns);
      Decoded decoded;
      decode_range(*decoder, text, 0, text.size(), piece, decoded);
      decoded.names.resize(columns);
      expect_same(decoded, expected, fmt::format("seed {} round {} piece {}:\n{}", seed, round, piece, text));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(CsvRandom, EveryBlockCutGivesTheSameRows) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const std::string text = random_csv(random, 3, 30, 5);
  const Expected expected = Reference(text, 3).read();
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    auto decoder = make_csv_decoder(comma_spec(), false);
    begin(*decoder, 3);
    Decoded decoded;
    const std::size_t at = decode_range(*decoder, text, 0, cut, 1 << 20, decoded);
    decode_range(*decoder, text, at, text.size(), 1 << 20, decoded);
    decoded.names.resize(3);
    expect_same(decoded, expected, fmt::format("seed {} cut {}:\n{}", seed, cut, text));
    if (HasFatalFailure()) return;
  }
}

TEST(CsvRandom, GuessedRecordBeginsAreNearlyAlwaysRight) {
  std::mt19937 random(7);
  int right = 0;
  int all = 0;
  for (int round = 0; round < 8; ++round) {
    const std::string text = random_csv(random, 4, 60, 0);
    auto decoder = make_csv_decoder(comma_spec(), false);
    begin(*decoder, 4);
    for (std::size_t cut = 1; cut + 400 < text.size(); cut += 3) {
      Decoded ignored;
      const std::size_t end = decode_range(*decoder, text, 0, cut, 1 << 20, ignored);
      const std::size_t guess = decoder->first_record(std::string_view(text).substr(cut - 1), 1, true);
      ++all;
      right += guess != std::string::npos && guess + cut - 1 == end;
    }
  }
  std::printf("%d of %d guesses right\n", right, all);
  EXPECT_GT(right, all * 95 / 100);
}

}  // namespace
}  // namespace evclean::test
