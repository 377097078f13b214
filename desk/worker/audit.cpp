#include "desk/worker/audit.h"

#include "common/safe-text.h"
#include "plugin/dovecot/ptr.h"

namespace smime::desk {
namespace {

event_category desk_category = {nullptr, "smime", nullptr};

void add(event *e, const char *name, const std::string &value) {
  if (!value.empty())
    event_add_str(e, name, log_text(value).c_str());
}

} // namespace

void tell(const DeskEvent &what, const std::string &text) {
  DataStackFrame frame;
  EventPtr e(event_create(nullptr));
  event_add_category(e.get(), &desk_category);
  event_set_name(e.get(), what.name);
  add(e.get(), "actor", what.actor);
  add(e.get(), "remote_ip", what.remote_ip);
  add(e.get(), "login", what.login);
  add(e.get(), "action", what.action);
  add(e.get(), "reason", what.reason);
  e_info(e.get(), "%s", log_text("smime: desk: " + text).c_str());
}

} // namespace smime::desk
