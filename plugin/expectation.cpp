#include "expectation.h"

#include <utility>

namespace smime {

Expectations::Expectations() { known_.try_emplace(""); }

std::optional<Keywords> Expectations::find(const std::string &kind) const {
  auto known = known_.find(kind);
  return known == known_.end() ? std::nullopt : std::optional(known->second);
}

void Expectations::delivered(const std::string &kind, Keywords keywords) {
  if (known_.size() >= max_kinds && !known_.contains(kind))
    known_.clear();
  known_[kind] = std::move(keywords);
}

void Expectations::diverted(const std::string &kind) { known_.erase(kind); }

} // namespace smime
