#include "core/trigger/rule_builder.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/trigger/pattern_classes.h"
#include "core/trigger/term_index_builder.h"
#include "core/trigger/text_hash.h"

namespace ucb::trigger {
namespace {

class RuleBuilder {
 public:
  RuleBuilder(const Program& program, uint64_t seed)
      : program_(program), patterns_(program, seed), index_(program, patterns_, seed) {}

  RuleSet Build() {
    RuleSet set;
    set.rules = program_.rule_count();
    for (uint32_t i = 0; i < program_.rule_count(); ++i) {
      const Program::Rule rule = program_.RuleAt(i);
      set.terms += rule.term_count;
      if (rule.remembers) {
        AddRemembering(i, rule, set.remembering);
      } else {
        AddStateless(rule);
      }
    }
    set.remembering.Finish();
    set.index = TermIndex(index_.Build());
    return set;
  }

 private:
  void AddStateless(const Program::Rule& rule) {
    FindNamedTerms(rule);
    for (uint32_t i = 0; i < rule.term_count; ++i) {
      if (named_[i]) index_.Add(program_.TermAt(rule.first_term + i), Target{.word = rule.callback, .bit = 0});
    }
  }

  void AddRemembering(uint32_t number, const Program::Rule& rule, RememberingRules& rules) {
    // Written twice, a rule would remember twice; since equal keys share memories across programs, one of them could
    // then fire for memories the other has used up.
    const auto equal = [&](uint32_t other) { return Same(program_.RuleAt(other), rule); };
    const uint64_t hash = Hash(rule);
    if (added_.Find(hash, equal) != kNone) return;
    added_.Insert(hash, number, [this](uint32_t other) { return Hash(program_.RuleAt(other)); });
    FindNamedTerms(rule);
    const uint32_t slot = rules.Add(program_, number);
    for (uint32_t i = 0; i < rule.term_count; ++i) {
      if (!named_[i]) continue;
      index_.Add(program_.TermAt(rule.first_term + i), Target{.word = kRemembers | (slot + i / 64), .bit = i % 64});
    }
  }

  // A term that the code does not name can neither fire a rule nor be worth remembering.
  void FindNamedTerms(const Program::Rule& rule) {
    named_.assign(rule.term_count, false);
    for (uint32_t i = 0; i < rule.code_count; ++i) {
      const uint32_t word = program_.CodeAt(rule.first_code + i);
      if (word < rule.term_count) named_[word] = true;
    }
  }

  uint64_t Hash(const Program::Rule& rule) const {
    uint64_t hash = Mix(rule.key, uint64_t{rule.callback} << 32 | rule.term_count);
    for (uint32_t i = 0; i < rule.code_count; ++i) hash = Mix(hash, program_.CodeAt(rule.first_code + i));
    for (uint32_t i = 0; i < rule.term_count; ++i) {
      const Program::Term term = program_.TermAt(rule.first_term + i);
      hash = Mix(hash, uint64_t{patterns_.ClassOf(term.name)} << 32 | patterns_.ClassOf(term.extra));
    }
    return hash;
  }

  bool Same(const Program::Rule& left, const Program::Rule& right) const {
    if (left.key != right.key || left.callback != right.callback || left.term_count != right.term_count ||
        left.code_count != right.code_count) {
      return false;
    }
    for (uint32_t i = 0; i < left.code_count; ++i) {
      if (program_.CodeAt(left.first_code + i) != program_.CodeAt(right.first_code + i)) return false;
    }
    for (uint32_t i = 0; i < left.term_count; ++i) {
      if (!Same(program_.TermAt(left.first_term + i), program_.TermAt(right.first_term + i))) return false;
    }
    return true;
  }

  bool Same(const Program::Term& left, const Program::Term& right) const {
    if (left.types != right.types || left.context != right.context) return false;
    if (patterns_.ClassOf(left.name) != patterns_.ClassOf(right.name)) return false;
    if (patterns_.ClassOf(left.extra) != patterns_.ClassOf(right.extra)) return false;
    if (left.context != ContextKind::kLabel) return left.context_value == right.context_value;
    return patterns_.ClassOf(static_cast<uint32_t>(left.context_value)) ==
           patterns_.ClassOf(static_cast<uint32_t>(right.context_value));
  }

  const Program& program_;
  PatternClasses patterns_;
  TermIndexBuilder index_;
  NumberIndex added_;  // remembering rules by all they say
  std::vector<bool> named_;
};

}  // namespace

RuleSet BuildRules(const Program& program, uint64_t seed) {
  return RuleBuilder(program, seed).Build();
}

}  // namespace ucb::trigger
