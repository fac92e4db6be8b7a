// SPDX-License-Identifier: Apache-2.0
#include "evclean/pattern.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>

#include "code.hpp"
#include "evclean/error.hpp"
#include "fixed_head.hpp"

namespace evclean {
namespace {

constexpr std::size_t kJitStackStartBytes = 32 << 10;
constexpr std::size_t kJitStackMaxBytes = 1 << 20;
constexpr std::uint32_t kHeapLimitKib = 64 << 10;

// PCRE2's match limit counts anew at every start position, and the JIT does not count scans inside one repeat, so a
// pattern with three repeats can run for minutes on one long line. Therefore: the JIT gets short subjects and a small
// limit; what is longer, or exceeds it, is matched with a callout before every item, which counts all the work of one
// match() together. The results are the same, the cost is bounded.
constexpr std::size_t kCountedFromBytes = 4 << 10;
constexpr std::uint32_t kJitMatchLimit = 10'000;
constexpr std::uint64_t kStepsPerMatchLimit = 10;
constexpr std::uint64_t kStepsPerByte = 4;
constexpr std::size_t kBytesPerStep = 16;       // a scan of so many bytes costs about one callout
constexpr std::int64_t kTracedSteps = 200'000;  // reach() is for messages: never slow
constexpr int kStop = -1000;                    // outside PCRE2's own error numbers

/// What the callouts of one match have seen.
struct Trace {
  std::int64_t steps_left = 0;
  std::size_t position = 0;       ///< of the last callout
  std::size_t furthest = 0;       ///< position of the best attempt
  std::size_t best_progress = 0;  ///< bytes from its start
};

int count_step(pcre2_callout_block* block, void* data) {
  auto& trace = *static_cast<Trace*>(data);
  const std::size_t here = block->current_position;
  const std::size_t moved = here > trace.position ? here - trace.position : trace.position - here;
  trace.position = here;
  trace.steps_left -= static_cast<std::int64_t>(1 + moved / kBytesPerStep);
  if (here >= block->start_match) {
    const std::size_t progress = here - block->start_match;
    if (progress > trace.best_progress) {
      trace.best_progress = progress;
      trace.furthest = here;
    }
  }
  return trace.steps_left > 0 ? 0 : kStop;
}

/// A second compilation with callouts, made when first needed.
struct Counted {
  pcre::Code code;
  pcre::MatchContext context;
};

}  // namespace

struct Pattern::Impl {
  std::string text;
  PatternOptions options;
  pcre::Code code;
  pcre::MatchData data;
  pcre::MatchContext context;
  pcre::JitStack stack;
  bool jit = false;
  std::string head;  ///< what every match begins with, at the text's first byte
  std::uint64_t head_word = 0;
  std::uint64_t head_mask = 0;
  std::optional<HeadAndRun> run_behind_head;  ///< the whole pattern
  std::uint32_t group_count = 0;
  std::vector<Group> groups;
  Counted counted;  ///< as the pattern itself, for long subjects
  Counted traced;   ///< without start optimisations, so that attempts leave a trace

  Impl(std::string source, const PatternOptions& given) : text(std::move(source)), options(given) {
    code = pcre::compile(text, options);
    data.reset(pcre2_match_data_create_from_pattern(code.get(), nullptr));
    context = make_context(std::min(options.match_limit, kJitMatchLimit));
    if (!data) throw std::bad_alloc();
    start_jit();
    if (!options.caseless) {
      set_head(fixed_head(text));
      run_behind_head = head_and_run(text);
    }
    groups = pcre::named_groups(code.get());
    pcre2_pattern_info(code.get(), PCRE2_INFO_CAPTURECOUNT, &group_count);
  }

  /// The first eight bytes are compared as a number: most texts end here.
  bool may_begin(std::string_view subject) const {
    if (subject.size() < sizeof head_word) return subject.starts_with(head);
    std::uint64_t word;
    std::memcpy(&word, subject.data(), sizeof word);
    if (((word ^ head_word) & head_mask) != 0) return false;
    return head.size() <= sizeof word || subject.starts_with(head);
  }

  MatchOutcome match_run(std::string_view subject) {
    const auto end = run_behind_head->end_of_run(subject);
    if (!end) return MatchOutcome::kNoMatch;
    std::size_t* const found = pcre2_get_ovector_pointer(data.get());
    found[0] = 0;
    found[1] = found[3] = *end;
    found[2] = run_behind_head->head_bytes;
    return MatchOutcome::kMatch;
  }

  void set_head(std::string fixed) {
    head = std::move(fixed);
    const std::size_t size = std::min(head.size(), sizeof head_word);
    std::memcpy(&head_word, head.data(), size);
    std::memset(&head_mask, 0xff, size);
  }

  pcre::MatchContext make_context(std::uint32_t match_limit) const {
    pcre::MatchContext made(pcre2_match_context_create(nullptr));
    if (!made) throw std::bad_alloc();
    pcre2_set_match_limit(made.get(), match_limit);
    pcre2_set_heap_limit(made.get(), kHeapLimitKib);
    return made;
  }

  void start_jit() {
    // A pattern that the JIT refuses runs in the interpreter, with the same results.
    if (pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE) != 0) return;
    stack.reset(pcre2_jit_stack_create(kJitStackStartBytes, kJitStackMaxBytes, nullptr));
    if (!stack) return;
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
    jit = true;
  }

  Counted& ready(Counted& which, std::uint32_t flags) {
    if (!which.code) {
      which.code = pcre::compile(text, options, flags);
      which.context = make_context(options.match_limit);
    }
    return which;
  }

  /// The fast way: JIT, small limit.
  int run(std::string_view subject, std::size_t start) {
    const auto* bytes = reinterpret_cast<PCRE2_SPTR>(subject.data());
    if (jit) return pcre2_jit_match(code.get(), bytes, subject.size(), start, 0, data.get(), context.get());
    return pcre2_match(code.get(), bytes, subject.size(), start, PCRE2_NO_UTF_CHECK, data.get(), context.get());
  }

  /// The bounded way: interpreter, all work counted.
  int run_counted(std::string_view subject, std::size_t start) {
    Trace trace;
    trace.position = start;
    const std::uint64_t size = subject.size();
    trace.steps_left = static_cast<std::int64_t>(kStepsPerMatchLimit * options.match_limit + kStepsPerByte * size);
    Counted& with = ready(counted, PCRE2_AUTO_CALLOUT);
    // One `.*` over a long line is honest work: the limit grows with the line.
    pcre2_set_match_limit(with.context.get(), static_cast<std::uint32_t>(std::min<std::uint64_t>(
                                                  options.match_limit + kStepsPerByte * size, UINT32_MAX)));
    return run_with_callouts(with, subject, start, trace);
  }

  int run_with_callouts(Counted& with, std::string_view subject, std::size_t start, Trace& trace) {
    pcre2_set_callout(with.context.get(), count_step, &trace);
    return pcre2_match(with.code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), start,
                       PCRE2_NO_UTF_CHECK, data.get(), with.context.get());
  }
};

namespace {

MatchOutcome outcome(int found, const std::string& text) {
  if (found >= 0) return MatchOutcome::kMatch;
  switch (found) {
    case PCRE2_ERROR_NOMATCH:
      return MatchOutcome::kNoMatch;
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_JIT_STACKLIMIT:
    case PCRE2_ERROR_RECURSELOOP:
    case kStop:
      return MatchOutcome::kLimit;
    case PCRE2_ERROR_NOMEMORY:
      throw std::bad_alloc();
    default:
      fail_bug("PCRE2 error {} while matching {}", found, text);
  }
}

/// PCRE2 wants an address even for an empty subject.
std::string_view addressed(std::string_view subject) { return subject.data() != nullptr ? subject : ""; }

}  // namespace

Pattern::Pattern(std::string text, const PatternOptions& options)
    : impl_(std::make_unique<Impl>(std::move(text), options)) {}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

const std::string& Pattern::text() const { return impl_->text; }
const std::vector<Pattern::Group>& Pattern::groups() const { return impl_->groups; }
std::uint32_t Pattern::group_count() const { return impl_->group_count; }
const std::size_t* Pattern::ovector() const { return pcre2_get_ovector_pointer(impl_->data.get()); }

MatchOutcome Pattern::match(std::string_view subject, std::size_t start) {
  if (start == 0 && !impl_->may_begin(subject)) return MatchOutcome::kNoMatch;
  if (start == 0 && impl_->run_behind_head) return impl_->match_run(subject);
  subject = addressed(subject);
  if (subject.size() - start < kCountedFromBytes) {
    const int found = impl_->run(subject, start);
    if (found != PCRE2_ERROR_MATCHLIMIT && found != PCRE2_ERROR_JIT_STACKLIMIT) return outcome(found, impl_->text);
  }
  return outcome(impl_->run_counted(subject, start), impl_->text);
}

std::size_t Pattern::reach(std::string_view subject) {
  subject = addressed(subject);
  Trace trace;
  trace.steps_left = kTracedSteps;
  Counted& traced = impl_->ready(impl_->traced, PCRE2_AUTO_CALLOUT | PCRE2_NO_START_OPTIMIZE);
  const int found = impl_->run_with_callouts(traced, subject, 0, trace);
  if (found >= 0) return ovector()[1];
  return trace.furthest;
}

}  // namespace evclean
