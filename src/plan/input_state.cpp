// SPDX-License-Identifier: Apache-2.0
#include "input_state.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "evclean/carried_state.hpp"
#include "evclean/decoder.hpp"
#include "evclean/function.hpp"
#include "evclean/hash.hpp"
#include "evclean/line_ends.hpp"
#include "evclean/pattern.hpp"
#include "evclean/s3_settings.hpp"
#include "evclean/suggest.hpp"
#include "file_head.hpp"
#include "kept_text.hpp"
#include "table_input.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPrintBytes = 1024;  // hashed at either end
constexpr std::int64_t kLongestTail = 16 << 20;
constexpr std::string_view kFirstLine = "{\"evclean\": \"files that were read\", \"version\": 1}\n";

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(fs::absolute(path, ignored), ignored);
  return whole.empty() ? path : whole.string();
}

/// Bytes [begin, begin + size) of a file, or as many as it has.
std::string bytes_at(const std::string& path, std::int64_t begin, std::int64_t size) {
  std::string bytes(static_cast<std::size_t>(std::max<std::int64_t>(0, size)), '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(begin);
  file.read(bytes.data(), size);
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return bytes;
}

std::string print_of(const std::string& path, std::int64_t begin, std::int64_t end) {
  return fmt::format("{:016x}", hash_bytes(bytes_at(path, begin, end - begin)));
}
std::string head_print(const std::string& path, std::int64_t size) {
  return print_of(path, 0, std::min(size, kPrintBytes));
}
std::string tail_print(const std::string& path, std::int64_t size) {
  return print_of(path, std::max<std::int64_t>(0, size - kPrintBytes), size);
}

/// Whether the file at a path begins with the bytes that were read.
bool begins_with(const std::string& path, const KnownFile& known) {
  return head_print(path, known.size_bytes) == known.head && tail_print(path, known.size_bytes) == known.tail;
}

void stat_into(KnownFile& known) {
  struct stat info {};
  if (::stat(known.path.c_str(), &info) != 0) return;
  known.modified_ns = static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
  known.inode = fmt::format("{}:{}", info.st_dev, info.st_ino);
}

std::string as_json(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string line_for(const std::string& table, const KnownFile& file) {
  return fmt::format(
      "{{\"table\": {}, \"path\": {}, \"size\": {}, \"etag\": {}, \"modified_ns\": {}, \"inode\": {}, \"head\": {}, "
      "\"tail\": {}, \"lines\": {}}}\n",
      as_json(table), as_json(file.path), file.size_bytes, as_json(file.etag), file.modified_ns, as_json(file.inode),
      as_json(file.head), as_json(file.tail), file.lines);
}

/// One line of a state; a path that is empty is no line of one.
KnownFile parse_line(const std::string& line) {
  const auto text = [&](const char* key) { return functions::json_get(line, key).value_or(""); };
  return {text("path"),
          kept_number(line, "size"),
          kept_number(line, "modified_ns"),
          text("inode"),
          text("etag"),
          text("head"),
          text("tail"),
          kept_number(line, "lines")};
}

/// Where the text behind the old end begins: behind a line end that came later, or at the begin of a line that was not
/// whole then (`goes_on`). Stored bytes.
std::int64_t continuation(const InputFile& file, std::int64_t old_end, bool& goes_on) {
  goes_on = false;
  const std::string around = bytes_at(file.path, old_end - 1, 3);
  if (around[0] == '\n') return old_end;
  if (around.substr(1, 1) == "\n") return old_end + 1;
  if (around.substr(1, 2) == "\r\n") return old_end + 2;
  goes_on = true;
  for (std::int64_t piece = 4096;; piece *= 8) {
    const std::int64_t from = std::max<std::int64_t>(file.mark_bytes, old_end - piece);
    const std::string before = bytes_at(file.path, from, old_end - from);
    const std::size_t found = before.rfind('\n');
    if (found != std::string::npos) return from + static_cast<std::int64_t>(found) + 1;
    if (from == file.mark_bytes || piece > kLongestTail) return from;
  }
}

/// Where the record begins that the first line behind `at` belongs to, when records begin at lines that match; `at`
/// when that line begins one, or none does.
std::int64_t event_begin(const InputFile& file, std::int64_t at, Pattern start) {
  const auto starts = [&](std::string_view line) {
    return start.match(line.substr(0, line.find_last_not_of('\r') + 1)) == MatchOutcome::kMatch;
  };
  const std::string behind = bytes_at(file.path, at, kLongestTail);
  const std::size_t text = behind.find_first_not_of(" \t\r\n");
  if (text == std::string::npos) return at;
  const std::size_t line = behind.rfind('\n', text) + 1;
  if (starts(std::string_view(behind).substr(line, behind.find('\n', line) - line))) return at;
  const std::int64_t from = std::max<std::int64_t>(file.mark_bytes, at - kLongestTail);
  const std::string before = bytes_at(file.path, from, at - from);
  for (std::size_t end = before.size(); end > 0;) {
    const std::size_t begin = end < 2 ? 0 : before.rfind('\n', end - 2) + 1;
    if ((begin > 0 || from == file.mark_bytes) && starts(std::string_view(before).substr(begin, end - 1 - begin)))
      return from + static_cast<std::int64_t>(begin);
    end = begin;
  }
  return at;
}

}  // namespace

/// Where the CSV row or the JSON object begins that goes on over `at`, as its decoder reads both sides; `at` when none
/// does. A quote that nothing closes is no such row: what stands behind it has been read.
std::int64_t InputState::open_begin(const InputFile& file, std::int64_t at, const std::string& format) const {
  const auto decoder = make_decoder(*spec_, format);
  decoder->begin_file(file, read_csv_head(file, stream_, spec_->max_line_bytes));
  const bool whole = at - file.mark_bytes <= kLongestTail;
  const std::int64_t from = whole ? file.mark_bytes : at - kLongestTail;
  const std::int64_t to = std::min(file.size_bytes, at + kLongestTail);
  const std::string text = bytes_at(file.path, from, to - from);
  const auto block = std::make_shared<TextBlock>(text.size());
  block->append(text);
  DecodeInput input;
  input.text = block;
  input.text_end = text.size();
  input.owned_end = static_cast<std::size_t>(at - from);
  input.at_end = to == file.size_bytes;
  input.begin = whole ? 0 : std::min(input.owned_end, decoder->first_record(text, 1, input.at_end));
  input.origin.byte_offset = from - file.mark_bytes;
  std::size_t begin = input.owned_end;
  const auto look = [&](std::size_t record, std::size_t length) {
    if (record < input.owned_end && record + length > input.owned_end) begin = record;
  };
  while (input.begin < input.owned_end) {
    const DecodeResult result = decoder->decode(input);
    for (const RecordRef record : result.batch.records) look(record.offset, record.length);
    for (const Reject& reject : result.rejects)
      look(static_cast<std::size_t>(reject.byte_offset - input.origin.byte_offset), reject.text.size());
    if (result.consumed <= input.begin) break;
    input.begin = result.consumed;
  }
  return from + static_cast<std::int64_t>(begin);
}

InputState::InputState(const std::string& path, const S3Settings& s3, const std::string& table)
    : path_(path), table_(table) {
  std::istringstream file(read_kept("only_new", path, s3).value_or(""));
  bool first = true;
  for (std::string line; std::getline(file, line); first = false) {
    if (first && kFirstLine == fmt::format("{}\n", line)) continue;
    KnownFile known = parse_line(line);
    if (first || known.path.empty() || known.size_bytes < 0 || known.lines < 0) {
      fail_user(
          "only_new: '{}' is not a state that evclean wrote (line {}): name another file, or remove it to read "
          "everything again",
          path, first ? "1" : printable(line, 60));
    }
    if (functions::json_get(line, "table").value_or("") == table) known_[known.path] = std::move(known);
  }
}

/// The file that this one was, under another name: that name must have another content by now, so that a copy that came
/// later still counts as new.
const KnownFile* InputState::moved(const InputFile& file, const KnownFile& now) const {
  for (const auto& [path, known] : known_) {
    if (path == now.path || known.size_bytes > file.size_bytes || known.size_bytes == 0) continue;
    // Short texts may well be alike: those must be the very file.
    const bool same_file = known.inode == now.inode && known.modified_ns == now.modified_ns;
    if (known.size_bytes < kPrintBytes ? !same_file : known.head != now.head) continue;
    if (begins_with(file.path, known) && !begins_with(path, known)) return &known;
  }
  return nullptr;
}

/// The format that a file is read by; empty: several, tried line by line.
std::string InputState::format_of(const InputFile& file) const {
  if (spec_->formats.size() > 1) return {};
  if (spec_->formats.front() != "auto") return spec_->formats.front();
  return choose_format(*spec_, {read_head(file, stream_)}, {file.shown}).format;
}

/// Where reading goes on, so that no record is cut in two: `at`, behind the old end, or where the record begins that is
/// open there.
std::int64_t InputState::record_begin(const InputFile& file, const std::string& format, std::int64_t old_end,
                                      std::int64_t at) const {
  if (!begins_at_line(format)) return open_begin(file, std::max(old_end, at), format);
  const std::string start = event_start(*spec_, format.empty() ? spec_->formats.front() : format);
  return start.empty() ? at : event_begin(file, at, Pattern(start));
}

InputState::Choice InputState::compare(const InputFile& file, KnownFile& now, const KnownFile& before,
                                       std::vector<std::string>& notes) const {
  if (file.size_bytes == before.size_bytes) return {true, 0, before.lines};
  if (!file.splittable) {
    fail_user(
        "only_new: {} has grown since it was read ({} bytes then, {} now), and it is compressed or not UTF-8: it "
        "cannot be read on from there. Put new events into new files, or delete its line in {} to have it read whole",
        file.shown, before.size_bytes, file.size_bytes, path_);
  }
  bool goes_on = false;
  const std::int64_t line = continuation(file, before.size_bytes, goes_on);
  const std::string format = format_of(file);
  const std::int64_t begin = record_begin(file, format, before.size_bytes, line);
  notes.push_back(fmt::format("only_new: {} has grown: read on from byte {}", file.shown, begin));
  if (begin < before.size_bytes) {
    notes.push_back(goes_on && begin == line
                        ? fmt::format("only_new: {}: its last line was not whole at the last run; it is read again "
                                      "from its begin",
                                      file.shown)
                        : fmt::format("only_new: {}: its last record goes on in what is new; it is read again from "
                                      "byte {}",
                                      file.shown, begin));
  }
  const std::int64_t between = std::abs(begin - before.size_bytes);
  const std::string passed = bytes_at(file.path, std::min(begin, before.size_bytes), between);
  const std::int64_t ends =
      count_line_ends(passed.data(), 0, passed.size(), has_lone_cr(*spec_, format, file, stream_));
  now.lines = before.lines + (begin < before.size_bytes ? -ends : ends);
  return {begin >= file.size_bytes, begin, now.lines};
}

InputState::Choice InputState::look(const InputFile& file, KnownFile& now, std::vector<std::string>& notes) {
  const auto found = known_.find(now.path);
  const bool has_before = found != known_.end() && found->second.size_bytes > 0;
  const KnownFile* const before = has_before ? &found->second : nullptr;
  if (is_s3_path(file.path)) {
    if (before != nullptr && before->size_bytes == now.size_bytes && before->etag == now.etag) return {true, 0, 0};
    if (before != nullptr) notes.push_back(fmt::format("only_new: {} was replaced: it is read whole", file.shown));
    return {};
  }
  const bool untouched = before != nullptr && before->size_bytes == now.size_bytes && before->inode == now.inode &&
                         before->modified_ns == now.modified_ns;
  if (untouched) {
    now = *before;
    return {true, 0, before->lines};
  }
  now.head = head_print(file.path, now.size_bytes);
  now.tail = tail_print(file.path, now.size_bytes);
  if (before != nullptr && file.size_bytes >= before->size_bytes && begins_with(file.path, *before)) {
    return compare(file, now, *before, notes);
  }
  if (const KnownFile* const other = moved(file, now)) {
    notes.push_back(fmt::format("only_new: {} is what {} was: not read again", file.shown,
                                fs::path(other->path).filename().string()));
    return compare(file, now, *other, notes);
  }
  if (before == nullptr) return {};
  const bool same_begin =
      before->size_bytes >= kPrintBytes && before->head == head_print(file.path, before->size_bytes);
  if (same_begin) {
    fail_user(
        "only_new: {} was rewritten since it was read: it begins as it did, but not all of its {} bytes are there any "
        "more. Reading it again would repeat rows: put new events into new files, or delete its line in {} to have it "
        "read whole",
        file.shown, before->size_bytes, path_);
  }
  notes.push_back(fmt::format("only_new: {} has another content than when it was read: it is read whole", file.shown));
  return {};
}

void InputState::choose(TableInput& input) {
  const std::string own = is_s3_path(path_) ? path_ : absolute(path_);
  std::vector<InputFile> files;
  std::vector<InputFile> read;
  spec_ = &input.format_spec();
  stream_ = input.stream;
  for (InputFile& file : input.files) {
    KnownFile now;
    now.path = is_s3_path(file.path) ? file.path : absolute(file.path);
    now.size_bytes = file.size_bytes;
    now.etag = file.etag;
    if (!is_s3_path(file.path)) stat_into(now);
    if (now.path == own) continue;  // the state itself, in a folder of the input
    const Choice choice = look(file, now, input.notes);
    if (choice.known) {
      now.lines = choice.lines;
      known_[now.path] = std::move(now);
      read.push_back(std::move(file));
      continue;
    }
    input.starts.push_back({std::max<std::int64_t>(0, choice.begin - file.mark_bytes), choice.lines});
    reading_.push_back(std::move(now));
    files.push_back(std::move(file));
  }
  input.files = std::move(files);
  if (!read.empty()) {
    input.notes.push_back(fmt::format("only_new: {} file{} read by earlier runs, {} to read", read.size(),
                                      read.size() == 1 ? " was" : "s were", input.files.size()));
  }
  if (input.files.empty()) input.known = std::move(read);
}

std::string InputState::after(const std::vector<std::int64_t>& lines, const std::vector<bool>& left_out) const {
  std::map<std::string, KnownFile> all = known_;
  for (std::size_t f = 0; f < reading_.size(); ++f) {
    if (left_out[f]) continue;
    KnownFile& file = all[reading_[f].path] = reading_[f];
    file.lines = lines[f];
  }
  std::string text;
  for (const auto& [path, file] : all) text += line_for(table_, file);
  return text;
}

namespace {

/// Lines of other tables that share the state.
std::string lines_of_others(const std::string& path, const S3Settings& s3, const std::string& table) {
  std::istringstream file(read_kept("only_new", path, s3).value_or(""));
  std::string others;
  for (std::string line; std::getline(file, line);) {
    const auto owner = functions::json_get(line, "table");
    if (owner && *owner != table) others += line + "\n";
  }
  return others;
}

}  // namespace

void write_states(const Job& job, const std::vector<TableReport>& tables) {
  for (const TableReport& table : tables) {
    if (table.state_path.empty()) continue;
    const auto spec = std::find_if(job.tables.begin(), job.tables.end(),
                                   [&](const TableSpec& each) { return each.name == table.name; });
    const S3Settings s3 = spec->input->s3.value_or(S3Settings{});
    write_kept("only_new", table.state_path, s3,
               fmt::format("{}{}{}", kFirstLine, lines_of_others(table.state_path, s3, table.name), table.state),
               "the outputs are published, and the next run would read the same again");
  }
}

}  // namespace evclean
