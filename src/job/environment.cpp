// SPDX-License-Identifier: Apache-2.0
#include "environment.hpp"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "evclean/suggest.hpp"

namespace evclean::job {

namespace {

/// No job needs more; a large variable named a million times does.
constexpr std::size_t kMostExpandedBytes = 64 << 20;

bool is_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  const auto fits = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  for (const char c : text) {
    if (!fits(c)) return false;
  }
  return true;
}

class Expander {
 public:
  explicit Expander(Problems& problems) : problems_(problems) {}

  void visit(YamlNode& node) {
    if (node.is_scalar()) expand(node);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (node.is_map()) {
        if (node.keys[i].is_scalar()) expand(node.keys[i]);
        if (node.keys[i].text == "patterns") continue;
      }
      visit(node.items[i]);
    }
  }

 private:
  void expand(YamlNode& node) {
    if (node.text.find('$') == std::string::npos) return;
    std::string out;
    for (std::size_t at = 0; at < node.text.size();) {
      const std::string_view rest = std::string_view(node.text).substr(at);
      if (rest.substr(0, 2) == "$$") {
        out += '$';
        at += 2;
      } else if (rest.substr(0, 2) == "${") {
        at += append_variable(node, rest, out);
      } else {
        out += rest.front();
        ++at;
      }
    }
    bytes_ += out.size();
    node.text = bytes_ <= kMostExpandedBytes ? std::move(out) : std::string();
  }

  /// Appends the value of the variable at the front of `rest`; gives the bytes it took there.
  std::size_t append_variable(const YamlNode& node, std::string_view rest, std::string& out) {
    const std::size_t close = rest.find('}');
    const std::string_view inside = rest.substr(2, close == std::string_view::npos ? rest.npos : close - 2);
    const std::size_t split = inside.find(":-");
    const std::string_view name = inside.substr(0, split);
    if (close == std::string_view::npos || !is_name(name)) {
      problems_.report(node, "'{}' is not ${{VAR}} or ${{VAR:-default}}: for a dollar write $$",
                       printable(rest.substr(0, close == rest.npos ? rest.npos : close + 1), 40));
      return rest.size();
    }
    const std::string variable(name);
    const char* value = bytes_ + out.size() > kMostExpandedBytes ? "" : std::getenv(variable.c_str());
    if (split != std::string_view::npos && (value == nullptr || *value == '\0')) {
      out += inside.substr(split + 2);
    } else if (value != nullptr) {
      out += value;
    } else {
      problems_.report(node, "the variable {} is not set: set it, or write ${{{}:-default}}", variable, variable);
    }
    return close + 1;
  }

  Problems& problems_;
  std::size_t bytes_ = 0;
};

}  // namespace

void expand_environment(YamlNode& root, Problems& problems) { Expander(problems).visit(root); }

}  // namespace evclean::job
