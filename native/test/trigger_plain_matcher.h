#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "trigger_rule_text.h"

namespace ucb::trigger::test {

struct PlainEvent {
  std::string name;
  std::string type;
  uint64_t job = 0;
  std::string extra;

  std::string Text() const {
    if (name.empty()) return type + "-" + extra;
    return name + "-" + type + "-" + std::to_string(job) + (extra.empty() ? "" : "-" + extra);
  }
};

// The semantics written down without any thought of speed: what the real matcher must agree with.
class PlainMatcher {
 public:
  using Firings = std::set<std::pair<uint32_t, uint64_t>>;

  void Load(std::vector<RuleText> rules) {
    std::map<std::pair<std::size_t, uint64_t>, std::set<uint32_t>> kept;
    for (const auto& [where, terms] : memories_) {
      const RuleText& old = rules_[where.first];
      for (std::size_t i = 0; i < rules.size(); ++i) {
        if (rules[i].key == old.key && rules[i].terms.size() == old.terms.size()) kept[{i, where.second}] = terms;
      }
    }
    rules_ = std::move(rules);
    memories_ = std::move(kept);
  }

  void Attach(uint64_t id, uint64_t pid, uint64_t pgrp, const std::string& label) {
    jobs_[id] = Job{pid, pgrp == 0 ? id : pgrp, label};
  }

  void Detach(uint64_t id) {
    jobs_.erase(id);
    for (auto at = memories_.begin(); at != memories_.end();) at = at->first.second == id ? memories_.erase(at) : ++at;
  }

  Firings Match(const PlainEvent& event) {
    const bool of_job = event.type == "job";
    if (of_job && event.name == "submit" && jobs_.count(event.job) == 0) Attach(event.job, 0, 0, "");
    Firings firings;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      std::map<uint64_t, std::set<uint32_t>> happened;
      for (uint32_t k = 0; k < rules_[i].terms.size(); ++k) {
        for (const uint64_t owner : OwnersOf(rules_[i].terms[k], event)) happened[owner].insert(k);
      }
      for (const auto& [owner, terms] : happened) {
        if (!rules_[i].remembers) {
          firings.insert({rules_[i].callback, owner});
          continue;
        }
        auto& memory = memories_[{i, owner}];
        memory.insert(terms.begin(), terms.end());
        if (!Holds(rules_[i], memory)) continue;
        firings.insert({rules_[i].callback, owner});
        memories_.erase({i, owner});
      }
    }
    if (of_job && event.name == "removed") Detach(event.job);
    return firings;
  }

  std::size_t attached() const { return jobs_.size(); }
  std::size_t memories() const { return memories_.size(); }

  static bool Like(const std::string& pattern, const std::string& text, std::size_t p = 0, std::size_t t = 0) {
    if (p == pattern.size()) return t == text.size();
    if (pattern[p] == '*') return Like(pattern, text, p + 1, t) || (t < text.size() && Like(pattern, text, p, t + 1));
    return t < text.size() && pattern[p] == text[t] && Like(pattern, text, p + 1, t + 1);
  }

 private:
  struct Job {
    uint64_t pid;
    uint64_t pgrp;
    std::string label;
  };

  std::set<uint64_t> OwnersOf(const TermText& term, const PlainEvent& event) const {
    const bool global = event.name.empty();
    if ((term.types >> TypeBits().at(event.type) & 1) == 0 || !Like(term.extra, event.extra)) return {};
    bool named = Like(term.name, event.name);
    if (!global && (event.name == "complete" || event.name == "killed" || event.name == "failed")) {
      named = named || Like(term.name, "done");
    }
    if (!named) return {};
    std::set<uint64_t> owners;
    switch (term.context) {
      case ContextKind::kGlobal:
        return {0};
      case ContextKind::kSelf:
        return {event.job};
      case ContextKind::kJob:
        if (event.job == term.job) owners.insert(event.job);
        break;
      case ContextKind::kParent:
        for (const auto& [id, job] : jobs_) {
          if (job.pid == event.job) owners.insert(id);
        }
        break;
      case ContextKind::kLabel: {
        const auto subject = jobs_.find(event.job);
        if (subject == jobs_.end() || subject->second.label.empty()) break;
        if (!Like(term.label, subject->second.label)) break;
        for (const auto& [id, job] : jobs_) {
          if (id != event.job && job.pgrp == subject->second.pgrp) owners.insert(id);
        }
        break;
      }
    }
    return owners;
  }

  static bool Holds(const RuleText& rule, const std::set<uint32_t>& terms) {
    std::vector<bool> stack;
    for (const uint32_t word : rule.code) {
      if (word != kCodeAnd && word != kCodeOr) {
        stack.push_back(terms.count(word) != 0);
        continue;
      }
      const bool right = stack.back();
      stack.pop_back();
      const bool left = stack.back();
      stack.back() = word == kCodeAnd ? left && right : left || right;
    }
    return stack.back();
  }

  std::vector<RuleText> rules_;
  std::map<uint64_t, Job> jobs_;
  std::map<std::pair<std::size_t, uint64_t>, std::set<uint32_t>> memories_;  // by rule and owner
};

}  // namespace ucb::trigger::test
