#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "trigger_rule_text.h"

namespace ucb::trigger::test {

// Writes programs as FORMAT.md describes them.
class ProgramBuilder {
 public:
  ProgramBuilder& Rule(const RuleText& rule) {
    const uint32_t first_term = static_cast<uint32_t>(terms_.size() / 6);
    const uint32_t first_code = static_cast<uint32_t>(code_.size());
    for (const TermText& term : rule.terms) {
      const uint32_t name = Pattern(term.name);
      uint64_t context = 0;
      if (term.context == ContextKind::kJob) context = term.job;
      if (term.context == ContextKind::kLabel) context = Pattern(term.label);
      const uint32_t extra = Pattern(term.extra);
      for (const uint32_t word : {name, term.types, static_cast<uint32_t>(term.context), static_cast<uint32_t>(context),
                                  static_cast<uint32_t>(context >> 32), extra}) {
        terms_.push_back(word);
      }
    }
    code_.insert(code_.end(), rule.code.begin(), rule.code.end());
    for (const uint32_t word :
         {rule.callback, static_cast<uint32_t>(rule.key), static_cast<uint32_t>(rule.key >> 32),
          static_cast<uint32_t>(rule.remembers), first_term, static_cast<uint32_t>(rule.terms.size()), first_code,
          static_cast<uint32_t>(rule.code.size())}) {
      rules_.push_back(word);
    }
    return *this;
  }

  ProgramBuilder& Rule(uint32_t callback, const std::string& text, uint64_t key = 0) {
    return Rule(ParseRule(callback, text, key));
  }

  std::vector<std::byte> Bytes() const {
    std::vector<uint32_t> words = {0x31424355,
                                   1,
                                   static_cast<uint32_t>(rules_.size() / 8),
                                   static_cast<uint32_t>(terms_.size() / 6),
                                   static_cast<uint32_t>(patterns_.size() / 2),
                                   static_cast<uint32_t>(segments_.size() / 2),
                                   static_cast<uint32_t>(code_.size()),
                                   static_cast<uint32_t>(pool_.size())};
    for (const auto* table : {&rules_, &terms_, &patterns_, &segments_, &code_}) {
      words.insert(words.end(), table->begin(), table->end());
    }
    std::vector<std::byte> bytes;
    bytes.reserve(words.size() * 4 + pool_.size());
    for (const uint32_t word : words) {
      for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::byte>(word >> shift & 0xFF));
    }
    for (const char letter : pool_) bytes.push_back(static_cast<std::byte>(letter));
    return bytes;
  }

 private:
  uint32_t Pattern(const std::string& text) {
    const auto known = pattern_numbers_.find(text);
    if (known != pattern_numbers_.end()) return known->second;
    const uint32_t number = static_cast<uint32_t>(patterns_.size() / 2);
    const uint32_t first = static_cast<uint32_t>(segments_.size() / 2);
    std::size_t at = 0;
    while (true) {
      const std::size_t star = text.find('*', at);
      const std::string segment = text.substr(at, star == std::string::npos ? star : star - at);
      segments_.push_back(static_cast<uint32_t>(pool_.size()));
      segments_.push_back(static_cast<uint32_t>(segment.size()));
      pool_ += segment;
      if (star == std::string::npos) break;
      at = star + 1;
    }
    patterns_.push_back(first);
    patterns_.push_back(static_cast<uint32_t>(segments_.size() / 2) - first);
    return pattern_numbers_[text] = number;
  }

  std::vector<uint32_t> rules_, terms_, patterns_, segments_, code_;
  std::string pool_;
  std::map<std::string, uint32_t> pattern_numbers_;
};

inline std::vector<std::byte> ProgramOf(const std::vector<std::pair<uint32_t, std::string>>& rules) {
  ProgramBuilder builder;
  for (const auto& [callback, text] : rules) builder.Rule(callback, text);
  return builder.Bytes();
}

}  // namespace ucb::trigger::test
