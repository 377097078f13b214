#include "plugin/doveadm/register-access.h"

#include "plugin/doveadm/scanner-program.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/register/dict-uri.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <grp.h>
#include <map>
#include <pwd.h>
#include <sstream>

extern "C" {
#include "mail-storage-service.h"
#include "mail-storage-settings.h"
#include "master-service.h"
}

namespace smime {

#ifndef SMIME_DOVECOT_24
namespace {

// The value of a line in dict { }; empty with error set. A doveadm server asks once for all its
// commands: it has the other settings from its start as well, and to ask takes longer than a list.
std::string dict_line(const std::string &name, std::string &error) {
  static std::map<std::string, std::string> known;
  if (auto found = known.find(name); found != known.end())
    return found->second;
  auto line = read_dovecot_settings("", {"dict/" + name}, error);
  if (!line)
    error = "smime_register: there is no " + name + " in dict { }: " + error;
  else
    known[name] = line->front();
  return line ? line->front() : "";
}

std::string connect_in(const std::string &path, std::string &error) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  std::string connect = file ? connect_of(text.str()) : "";
  if (connect.empty())
    error = "smime_register: " + path + ": " +
            (file ? "there is no \"connect\" in it" : std::strerror(errno));
  return connect;
}

} // namespace

#endif

std::unique_ptr<Database> open_register(const Settings &settings, std::string &error) {
  if (!settings.errors.empty()) {
    error = settings.errors.front();
    return nullptr;
  }
  if (settings.register_dict.empty()) {
    error = "there is no register: the setting smime_register names its dict (dovecot-smime(7), "
            "THE REGISTER); -u USER and -A go without it";
    return nullptr;
  }
#ifdef SMIME_DOVECOT_24
  return Database::open(settings.register_dict, error);
#else
  auto uri = parse_dict_uri(settings.register_dict, error);
  if (uri && !uri->name.empty()) {
    std::string line = dict_line(uri->name, error);
    if (line.empty())
      return nullptr;
    uri = parse_dict_uri(line, error);
  }
  if (!uri || uri->driver.empty()) {
    error = "smime_register: " + (error.empty() ? "the dict names itself" : error);
    return nullptr;
  }
  std::string connect = connect_in(uri->file, error);
  return connect.empty() ? nullptr : Database::open(uri->driver, connect, error);
#endif
}

namespace {

// Who owns the mail of users, by the userdb and the setting mail_uid.
class OwnersOfMail {
public:
  OwnersOfMail() {
    constexpr auto flags = static_cast<mail_storage_service_flags>(
        MAIL_STORAGE_SERVICE_FLAG_USERDB_LOOKUP | MAIL_STORAGE_SERVICE_FLAG_NO_LOG_INIT |
        MAIL_STORAGE_SERVICE_FLAG_NO_PLUGINS | MAIL_STORAGE_SERVICE_FLAG_NO_CHDIR);
#ifdef SMIME_DOVECOT_24
    service_ = mail_storage_service_init(master_service, flags);
#else
    service_ = mail_storage_service_init(master_service, nullptr, flags);
#endif
  }
  ~OwnersOfMail() { mail_storage_service_deinit(&service_); }
  OwnersOfMail(const OwnersOfMail &) = delete;
  OwnersOfMail &operator=(const OwnersOfMail &) = delete;

  std::optional<OwnerOfMail> of(const std::string &name, std::string &error) {
    DataStackFrame frame;
    mail_storage_service_input input{};
    input.service = "doveadm";
#ifndef SMIME_DOVECOT_24
    input.module = "mail";
#endif
    input.username = name.c_str();
    mail_storage_service_user *user = nullptr;
    const char *reason = nullptr;
    int ret = mail_storage_service_lookup(service_, &input, &user, &reason);
    if (ret < 0)
      error = "looking up " + name + ": " + reason;
    if (ret <= 0)
      return std::nullopt;
    auto uid = uid_of(user);
    std::optional<OwnerOfMail> owner;
    if (uid)
      owner = OwnerOfMail{*uid, groups_of(user)};
    mail_storage_service_user_unref(&user);
    return owner;
  }

private:
  static std::optional<uid_t> uid_of(mail_storage_service_user *user) {
#ifdef SMIME_DOVECOT_24
    const char *text = mail_storage_service_user_get_set(user)->mail_uid;
#else
    const auto *set =
        static_cast<const mail_user_settings *>(mail_storage_service_user_get_set(user)[0]);
    const char *text = set->mail_uid;
#endif
    uid_t uid;
    if (str_to_uid(text, &uid) == 0)
      return uid;
    const passwd *entry = getpwnam(text);
    return entry == nullptr ? std::nullopt : std::optional(entry->pw_uid);
  }

  // Root's group proves nothing.
  static void add_group(std::vector<gid_t> &groups, const char *name) {
    gid_t gid;
    const group *entry = getgrnam(name);
    if (entry != nullptr)
      gid = entry->gr_gid;
    else if (str_to_gid(name, &gid) < 0)
      return;
    if (gid != 0)
      groups.push_back(gid);
  }

  static std::vector<gid_t> groups_of(mail_storage_service_user *user) {
    std::vector<gid_t> groups;
#ifdef SMIME_DOVECOT_24
    const auto *names = &mail_storage_service_user_get_set(user)->mail_access_groups;
    if (!array_is_created(names))
      return groups;
    const char *name;
    array_foreach_elem(names, name) add_group(groups, name);
#else
    const auto *set =
        static_cast<const mail_user_settings *>(mail_storage_service_user_get_set(user)[0]);
    for (const char *const *name = t_strsplit_spaces(set->mail_access_groups, ", ");
         *name != nullptr; name++)
      add_group(groups, *name);
#endif
    return groups;
  }

  mail_storage_service_ctx *service_ = nullptr;
};

} // namespace

bool drain_register(const Settings &settings, Database &database, DrainResult &result,
                    std::string &error) {
  Spool spool(settings.register_spool);
  if (spool.is_busy())
    return true;
  if (!spool.is_open()) {
    error = "smime_register_spool: " + spool.error();
    return false;
  }
  // Made when it is needed, since most rows are root's or their own user's.
  std::unique_ptr<OwnersOfMail> owners;
  auto owner_of = [&](const std::string &user, std::string &reason) {
    if (owners == nullptr)
      owners = std::make_unique<OwnersOfMail>();
    return owners->of(user, reason);
  };
  result = drain(spool, database, owner_of);
  for (const std::string &text : tell_refused(result.refused))
    log_warning("smime_register_spool: " + text);
  error = result.error;
  return error.empty();
}

} // namespace smime
