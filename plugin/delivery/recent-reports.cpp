#include "plugin/delivery/recent-reports.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

// The scanner had not the time or the memory, which it may have for the next recipient.
bool is_incomplete(const Report &report) {
  return report.scan == ScanVerdict::error ||
         std::any_of(report.errors.begin(), report.errors.end(),
                     [](const ReportError &error) { return error.code == "limit-exceeded"; });
}

} // namespace

const Report *RecentReports::find(const Key &key, std::time_t now) const {
  for (const auto &kept : kept_) {
    if (kept && kept->key == key && now >= kept->time && now - kept->time <= max_age)
      return &kept->report;
  }
  return nullptr;
}

void RecentReports::keep(Key key, const Report &report, std::time_t asked) {
  if (is_incomplete(report))
    return;
  kept_[next_] = Kept{std::move(key), report, asked};
  next_ = (next_ + 1) % kept_.size();
}

} // namespace smime
