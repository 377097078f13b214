// What becomes of a message of a kind, guessed from the last one, so that it can
// be written while the scanner is still at work on it. A wrong guess costs time;
// what is committed is decided by the report. No Dovecot header.
#ifndef SMIME_EXPECTATION_H
#define SMIME_EXPECTATION_H

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace smime {

using Keywords = std::vector<std::string>;

class Expectations {
public:
  // A message whose labels tell of nothing signed or encrypted is expected to be
  // delivered without keywords of ours.
  Expectations();

  // kind: what the labels tell, the empty string if nothing. The keywords that a
  // delivered one gets, or nullopt if the report has to be awaited.
  std::optional<Keywords> find(const std::string &kind) const;
  // Whether the last one of that kind was not delivered.
  bool is_diverted(const std::string &kind) const { return diverted_.contains(kind); }

  // One was delivered with these keywords.
  void delivered(const std::string &kind, Keywords keywords);
  // One became something else: quarantined, refused.
  void diverted(const std::string &kind);

  // How many kinds are known at most.
  static constexpr std::size_t max_kinds = 32;

private:
  std::map<std::string, Keywords> known_;
  std::set<std::string> diverted_;
};

} // namespace smime

#endif
