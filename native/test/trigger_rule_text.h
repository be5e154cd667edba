#pragma once

#include <cctype>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/trigger/program.h"

namespace ucb::trigger::test {

// A term as the tests write it: `name-type-context-extra` with `*` as wildcard in any field; `globaltime-t`.
struct TermText {
  std::string name;
  uint32_t types = 0;
  ContextKind context = ContextKind::kSelf;
  uint64_t job = 0;
  std::string label;
  std::string extra;
};

// A rule as the tests write it: terms, `&`, `|` and parentheses with a space between all of them.
struct RuleText {
  uint32_t callback = 0;
  uint64_t key = 0;
  std::vector<TermText> terms;
  std::vector<uint32_t> code;  // as in a program
  bool remembers = false;
};

inline const std::map<std::string, uint32_t>& TypeBits() {
  static const std::map<std::string, uint32_t> bits = {{"job", 0},        {"subjob", 1},      {"work", 2},
                                                       {"host", 3},       {"time", 4},        {"repeat", 5},
                                                       {"globaltime", 6}, {"globalrepeat", 7}};
  return bits;
}

inline TermText ParseTerm(const std::string& text) {
  TermText term;
  std::size_t at = 0;
  const auto field = [&text, &at] {
    const std::size_t dash = text.find('-', at);
    const std::string part = text.substr(at, dash == std::string::npos ? dash : dash - at);
    at = dash == std::string::npos ? text.size() : dash + 1;
    return part;
  };
  const std::string first = field();
  if (first == "globaltime" || first == "globalrepeat") {
    term.types = 1U << TypeBits().at(first);
    term.context = ContextKind::kGlobal;
    term.extra = text.substr(at);
    return term;
  }
  term.name = first;
  const std::string type = field();
  term.types = type == "*" ? 0x3F : 1U << TypeBits().at(type);
  const std::string context = field();
  if (context == "parent") {
    term.context = ContextKind::kParent;
  } else if (!context.empty() && context.find_first_not_of("0123456789") == std::string::npos) {
    term.context = ContextKind::kJob;
    term.job = std::stoull(context);
  } else if (context != "self") {
    term.context = ContextKind::kLabel;
    term.label = context;
  }
  term.extra = text.substr(at);
  return term;
}

// `key` 0 stands for a key of the rule's own, made from callback and text.
inline RuleText ParseRule(uint32_t callback, const std::string& text, uint64_t key = 0) {
  RuleText rule;
  rule.callback = callback;
  rule.key = key != 0 ? key : std::hash<std::string>()(std::to_string(callback) + " " + text);
  std::vector<std::string> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    tokens.push_back(text.substr(at, space - at));
    at = space + 1;
  }
  // Operators wait until one that binds less tightly, or the end of their parentheses, comes.
  std::vector<char> waiting;
  const auto emit = [&rule, &waiting] {
    rule.code.push_back(waiting.back() == '&' ? kCodeAnd : kCodeOr);
    rule.remembers = rule.remembers || waiting.back() == '&';
    waiting.pop_back();
  };
  for (const std::string& token : tokens) {
    if (token == "(") {
      waiting.push_back('(');
    } else if (token == ")") {
      while (waiting.back() != '(') emit();
      waiting.pop_back();
    } else if (token == "&" || token == "|") {
      while (!waiting.empty() && (waiting.back() == '&' || waiting.back() == token[0])) emit();
      waiting.push_back(token[0]);
    } else {
      rule.code.push_back(static_cast<uint32_t>(rule.terms.size()));
      rule.terms.push_back(ParseTerm(token));
    }
  }
  while (!waiting.empty()) emit();
  return rule;
}

}  // namespace ucb::trigger::test
