#include "plugin/dovecot/events.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/dovecot/session.h"

#include <fstream>
#include <optional>
#include <pwd.h>
#include <unistd.h>

extern "C" {
#include "master-service-private.h"
}

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
    event_add_str(e, key, log_text(value).c_str());
}

} // namespace

namespace {

// Who started the process at a shell; no name in services of Dovecot's master.
struct Operator {
  std::string name;
  std::string login;
};

std::string name_of_uid(uid_t uid) {
  const passwd *entry = getpwuid(uid);
  return entry == nullptr ? "uid " + std::to_string(uid) : entry->pw_name;
}

// Nullopt: not known, as for what cron or a boot script started.
std::optional<uid_t> login_uid() {
  constexpr auto unset = static_cast<uid_t>(-1);
  uid_t uid = unset;
  std::ifstream file("/proc/self/loginuid");
  return file >> uid && uid != unset ? std::optional(uid) : std::nullopt;
}

Operator &the_operator() {
  static Operator known;
  return known;
}

bool is_at_a_shell() { return (master_service->flags & MASTER_SERVICE_FLAG_STANDALONE) != 0; }

} // namespace

void note_operator() {
  if (!is_at_a_shell())
    return;
  uid_t uid = getuid();
  the_operator().name = name_of_uid(uid);
  auto login = login_uid();
  if (login && *login != uid)
    the_operator().login = name_of_uid(*login);
}

void add_operator(EventFields &fields) {
  bool server = the_operator().name.empty();
  fields.actor = server ? "doveadm server" : the_operator().name;
  fields.login = the_operator().login;
}

void add_actor(EventFields &fields, const mail_user *user) {
  if (delivers(user))
    return;
  if (!serves_client(user)) {
    add_operator(fields);
  } else if (user->auth_user != nullptr) {
    fields.actor = user->auth_user;
  } else if (user->username != nullptr) {
    fields.actor = user->username;
  }
  if (serves_client(user) && user->service != nullptr)
    fields.way = user->service;
  if (user->conn.remote_ip != nullptr && user->conn.remote_ip->family != 0)
    fields.remote_ip = net_ip2addr(user->conn.remote_ip);
}

std::string actor_text(const EventFields &fields) {
  std::string login = fields.login.empty() ? "" : "login " + fields.login;
  if (!fields.said_by.empty())
    login = "as " + fields.said_by + (login.empty() ? "" : ", " + login + ",") + " says";
  return fields.actor + (login.empty() ? "" : " (" + login + ")");
}

std::string reason_text(const EventFields &fields) {
  return (fields.said_from.empty() ? "" : " from " + fields.said_from) +
         (fields.reason.empty() ? "" : " (reason: " + fields.reason + ")");
}

EventFields::EventFields(const mail_user *owner)
    : user(owner->username == nullptr ? "" : owner->username) {}

// In a shared namespace the user of the session is another than the owner.
EventFields::EventFields(struct mailbox *box)
    : EventFields(mailbox_get_namespace(box)->owner != nullptr ? mailbox_get_namespace(box)->owner
                                                               : box->storage->user) {}

std::string message_id_of(mail *m) {
  DataStackFrame frame;
  const char *id = nullptr;
  if (mail_get_message_id(m, &id) <= 0 || id == nullptr)
    return "unspecified";
  return mail_text(id);
}

void send_event(event *parent, const char *name, EventLevel level, const EventFields &fields,
                const std::string &text) {
  EventPtr e(event_create(parent));
  event_add_category(e.get(), &smime_category);
  event_set_name(e.get(), name);
  add(e.get(), "user", fields.user);
  add(e.get(), "mailbox", fields.mailbox);
  add(e.get(), "class", fields.classes);
  add(e.get(), "status", fields.status);
  add(e.get(), "rule", fields.rule);
  add(e.get(), "action", fields.action);
  add(e.get(), "id", fields.id);
  add(e.get(), "sha256", fields.sha256);
  add(e.get(), "actor", fields.actor);
  add(e.get(), "login", fields.login);
  add(e.get(), "said_by", fields.said_by);
  add(e.get(), "way", fields.way);
  add(e.get(), "terminal", fields.terminal);
  add(e.get(), "remote_ip", fields.remote_ip);
  add(e.get(), "reason", fields.reason);
  if (fields.size != 0)
    event_add_int(e.get(), "size", static_cast<intmax_t>(fields.size));
  switch (level) {
  case EventLevel::debug: log_debug(e.get(), text); break;
  case EventLevel::info: log_info(e.get(), text); break;
  case EventLevel::warning: log_warning(e.get(), text); break;
  case EventLevel::error: log_error(e.get(), text); break;
  }
}

} // namespace smime
