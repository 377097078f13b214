#include "events.h"

#include "dovecot-ptr.h"

namespace smime {
namespace {

event_category make_category() {
  event_category category{};
  category.name = "smime";
  return category;
}

event_category smime_category = make_category();

void add(event *e, const char *key, const std::string &value) {
  if (!value.empty())
    event_add_str(e, key, value.c_str());
}

} // namespace

void add_actor(EventFields &fields, const mail_user *user) {
  if (user->auth_user != nullptr)
    fields.actor = user->auth_user;
  else if (user->username != nullptr)
    fields.actor = user->username;
  if (user->conn.remote_ip != nullptr && user->conn.remote_ip->family != 0)
    fields.remote_ip = net_ip2addr(user->conn.remote_ip);
}

std::string message_id_of(mail *m) {
  DataStackFrame frame;
  const char *id = nullptr;
  if (mail_get_message_id(m, &id) <= 0 || id == nullptr)
    return "unspecified";
  return str_sanitize(id, 200);
}

void send_event(event *parent, const char *name, EventLevel level, const EventFields &fields,
                const std::string &text) {
  EventPtr e(event_create(parent));
  event_add_category(e.get(), &smime_category);
  event_set_name(e.get(), name);
  add(e.get(), "mailbox", fields.mailbox);
  add(e.get(), "class", fields.classes);
  add(e.get(), "status", fields.status);
  add(e.get(), "rule", fields.rule);
  add(e.get(), "action", fields.action);
  add(e.get(), "id", fields.id);
  add(e.get(), "sha256", fields.sha256);
  add(e.get(), "actor", fields.actor);
  add(e.get(), "remote_ip", fields.remote_ip);
  if (fields.size != 0)
    event_add_int(e.get(), "size", static_cast<intmax_t>(fields.size));
  switch (level) {
  case EventLevel::debug: e_debug(e.get(), "smime: %s", text.c_str()); break;
  case EventLevel::info: e_info(e.get(), "smime: %s", text.c_str()); break;
  case EventLevel::warning: e_warning(e.get(), "smime: %s", text.c_str()); break;
  case EventLevel::error: e_error(e.get(), "smime: %s", text.c_str()); break;
  }
}

} // namespace smime
