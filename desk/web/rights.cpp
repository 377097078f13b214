#include "desk/web/rights.h"

#include <algorithm>
#include <array>
#include <span>

namespace smime::desk {
namespace {

struct Right {
  const char *section;
  // Any of these acts of roles gives it to a reviewer; to a recipient the first alone.
  std::array<std::string_view, 4> acts;
  // Of several messages at once.
  bool is_for_many;
};

constexpr std::array<Right, 8> rights{{{"CAN_RELEASE", {"release"}, true},
                                       {"CAN_REQUEST", {"request"}, true},
                                       {"CAN_REJECT", {"reject"}, true},
                                       {"CAN_DELETE", {"delete"}, true},
                                       {"CAN_HOLD", {"hold", "release", "reject", "delete"}, true},
                                       {"CAN_NOTE", {"note", "show"}, false},
                                       {"CAN_INSPECT", {"inspect", "show"}, false},
                                       {"CAN_DOWNLOAD", {"download"}, false}}};

} // namespace

bool has_act(const std::vector<std::string> &acts, std::string_view act) {
  return !act.empty() && std::find(acts.begin(), acts.end(), act) != acts.end();
}

void add_rights(View &view, const std::vector<std::string> &acts, Kind kind) {
  bool choice = false;
  bool any = false;
  for (const Right &right : rights) {
    std::span<const std::string_view> giving(right.acts);
    if (kind == Kind::recipient)
      giving = giving.first(1);
    bool can = std::any_of(giving.begin(), giving.end(),
                           [&](std::string_view act) { return has_act(acts, act); });
    view[right.section] = can;
    choice = choice || (can && right.is_for_many);
    any = any || can;
  }
  view["CHOICE"] = choice;
  view["ACTS"] = choice || view["CAN_INSPECT"].get<bool>();
  view["CAN_DECIDE"] = choice;
  view["NO_ACTS"] = !any;
}

} // namespace smime::desk
