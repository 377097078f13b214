#include "plugin/delivery/expectation.h"

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
  diverted_.erase(kind);
}

void Expectations::diverted(const std::string &kind) {
  known_.erase(kind);
  if (diverted_.size() >= max_kinds)
    diverted_.clear();
  diverted_.insert(kind);
}

} // namespace smime
