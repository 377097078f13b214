#include "recent-reports.h"

#include <utility>

namespace smime {

const Report *RecentReports::find(const Key &key, std::time_t now) const {
  for (const auto &kept : kept_) {
    if (kept && kept->key == key && now >= kept->time && now - kept->time <= max_age)
      return &kept->report;
  }
  return nullptr;
}

void RecentReports::keep(Key key, const Report &report, std::time_t now) {
  if (report.scan == ScanVerdict::error)
    return;
  kept_[next_] = Kept{std::move(key), report, now};
  next_ = (next_ + 1) % kept_.size();
}

} // namespace smime
