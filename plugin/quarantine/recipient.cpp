#include "plugin/quarantine/recipient.h"

#include "plugin/quarantine/promise.h"

namespace smime {

const std::string &recipient_of(const QuarantineRecord &record) {
  return record.user.empty() ? record.to : record.user;
}

bool is_held_for(const QuarantineRecord &record, const std::string &user) {
  if (!record.user.empty())
    return record.user == user;
  return record.to == user || record.to.substr(0, record.to.rfind('@')) == user;
}

bool may_be_given_to(const QuarantineRecord &record, const std::string &user, bool central) {
  return central ? is_held_for(record, user) : record.user.empty() || record.user == user;
}

RecipientMay may_of_recipient(const QuarantineRecord &record) {
  auto rule = rule_of(record);
  return rule ? rule->recipient_may : RecipientMay::nothing;
}

Acts acts_of_recipient(const QuarantineRecord &record, const std::string &user, bool central) {
  RecipientMay may = may_of_recipient(record);
  if (may == RecipientMay::nothing || !may_be_given_to(record, user, central))
    return {};
  Acts acts{Act::list, Act::preview, Act::show};
  if (may >= RecipientMay::release)
    acts.add(Act::release);
  return acts;
}

} // namespace smime
