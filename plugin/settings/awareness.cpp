#include "plugin/settings/awareness.h"

#include "plugin/dovecot/ptr.h"

#include <cstring>
#include <sys/stat.h>

namespace smime {
namespace {

bool matches(mail_namespace *ns, const std::string &vname, const Settings &settings) {
  return settings.stores.matches(vname, mail_namespace_get_sep(ns));
}

const char *root_of(mail_namespace *ns) {
  const char *root;
  return mailbox_list_get_root_path(ns->list, MAILBOX_LIST_PATH_TYPE_MAILBOX, &root) ? root : "";
}

// By whatever path: one may have a symbolic link in it.
bool is_same_directory(const char *first, const char *second) {
  struct stat one {};
  struct stat other {};
  return strcmp(first, second) == 0 || (stat(first, &one) == 0 && stat(second, &other) == 0 &&
                                        one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

// The name in a namespace of what is called so in another one, without that one's prefix.
std::string name_in(const mail_namespace *ns, const std::string &name) {
  bool is_inbox = strcasecmp(name.c_str(), "INBOX") == 0;
  return is_inbox && (ns->flags & NAMESPACE_FLAG_INBOX_ANY) != 0 ? name : ns->prefix + name;
}

// Whether the mailbox has an aware name in another namespace that shows the same store.
bool matches_elsewhere(mail_namespace *ns, const std::string &vname, const Settings &settings) {
  DataStackFrame frame;
  // INBOX has no prefix, wherever it is.
  const std::string name = vname.starts_with(ns->prefix) ? vname.substr(ns->prefix_len) : vname;
  for (mail_namespace *other = ns->user->namespaces; other != nullptr; other = other->next) {
    if (other != ns && is_same_root(ns, other) && matches(other, name_in(other, name), settings))
      return true;
  }
  return false;
}

} // namespace

bool is_same_root(mail_namespace *one, mail_namespace *other) {
  return is_same_directory(root_of(one), root_of(other));
}

#ifdef SMIME_DOVECOT_24

// The plugin is not in Dovecot 2.4.
std::string aliased_mailbox(mail_namespace *, const std::string &) { return {}; }

#else

std::string aliased_mailbox(mail_namespace *ns, const std::string &vname) {
  std::string number;
  for (unsigned i = 2;; i++) {
    const char *alias = mail_user_plugin_getenv(ns->user, ("mailbox_alias_new" + number).c_str());
    const char *old = mail_user_plugin_getenv(ns->user, ("mailbox_alias_old" + number).c_str());
    if (alias == nullptr || old == nullptr)
      return {};
    if (vname == alias)
      return old;
    number = std::to_string(i);
  }
}

#endif

// A list that names the alias means the mailbox as well as one that names the mailbox does: what
// the operator has looked at by one name passes by no other.
bool is_aware(mail_namespace *ns, const std::string &vname, const Settings &settings) {
  if (matches(ns, vname, settings))
    return true;
  const std::string aliased = aliased_mailbox(ns, vname);
  if (!aliased.empty() && matches(ns, aliased, settings))
    return true;
  return matches_elsewhere(ns, vname, settings);
}

bool is_aware(const mailbox *box, const Settings &settings) {
  return is_aware(mailbox_get_namespace(box), box->vname, settings);
}

} // namespace smime
