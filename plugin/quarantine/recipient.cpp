#include "plugin/quarantine/recipient.h"

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

} // namespace smime
