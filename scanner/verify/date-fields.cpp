#include "scanner/verify/date-fields.h"

#include "scanner/base/dovecot-lib.h"

extern "C" {
#include "message-date.h"
}

#include <algorithm>

namespace smime {

void DateFields::add(Bytes value) {
  DataStackFrame frame;
  time_t time = 0;
  int zone = 0;
  if (!message_date_parse(value.data(), value.size(), &time, &zone))
    return;
  earliest = std::min<std::int64_t>(earliest.value_or(time), time);
  latest = std::max<std::int64_t>(latest.value_or(time), time);
}

std::optional<std::int64_t> DateFields::far_from(std::int64_t time, std::int64_t bound) const {
  if (latest && *latest - time > bound)
    return latest;
  if (earliest && time - *earliest > bound)
    return earliest;
  return std::nullopt;
}

} // namespace smime
