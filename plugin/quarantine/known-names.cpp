#include "plugin/quarantine/known-names.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/dovecot/say.h"
#include "plugin/settings/user-context.h"
#include "plugin/store/atomic-file.h"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace smime {
namespace {

constexpr const char *file_name = "dovecot-smime-quarantines";
// A name for each change of a setting: what is larger is not ours.
constexpr std::size_t max_file_size = 256 * 1024;

KnownNames::Version version_of(const std::string &path) {
  struct stat status {};
  if (stat(path.c_str(), &status) < 0)
    return {};
  return {status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

StorageNames read_names(const std::string &path) {
  StorageNames names;
  std::string text;
  std::string ignored;
  if (!read_users_file(path, max_file_size, text, ignored))
    return names;
  std::size_t start = 0;
  for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
    names.insert(text.substr(start, end - start));
  return names;
}

const StorageNames &current_names(mailbox_list *list) {
  static const StorageNames none;
  UserContext *user = user_context(list->ns->user);
  std::string directory = place_of_names(list);
  if (user == nullptr || directory.empty())
    return none;
  std::string path = directory + "/" + file_name;
  KnownNames &known = user->known_names[path];
  auto version = version_of(path);
  if (version != known.version)
    known = {version, version == KnownNames::Version() ? none : read_names(path)};
  return known.names;
}

void write_names(mailbox_list *list, const StorageNames &names) {
  std::string error;
  std::string text;
  for (const std::string &name : names)
    text += name + "\n";
  if (!place_of_names(list).empty() && make_place_of_names(list, error) &&
      write_beside_names(list, file_name, text, error))
    return;
  if (!error.empty())
    log_warning(list->ns->user->event,
                "the names of mailboxes that held mail cannot be kept: " + error +
                    ". Where smime_quarantine_mailbox is changed, the mailbox stays closed and may "
                    "be in LIST");
}

} // namespace

std::string place_of_names(mailbox_list *list) {
  DataStackFrame frame;
  const char *root;
  if (!mailbox_list_get_root_path(list, MAILBOX_LIST_PATH_TYPE_CONTROL, &root))
    return {};
  const mail_storage *storage = mail_namespace_get_default_storage(list->ns);
  // Each file there is a mailbox of mbox's, but for those in this directory.
  bool is_mbox = storage != nullptr && std::string_view(storage->name) == "mbox";
  return std::string(root) + (is_mbox ? "/.imap" : "");
}

bool make_place_of_names(mailbox_list *list, std::string &error) {
  std::string directory = place_of_names(list);
  if (access(directory.c_str(), F_OK) == 0)
    return true;
  DataStackFrame frame;
  mailbox_permissions permissions;
  mailbox_list_get_root_permissions(list, &permissions);
  if (mkdir(directory.c_str(), permissions.dir_create_mode) == 0 || errno == EEXIST)
    return true;
  error = directory + ": " + std::strerror(errno);
  return false;
}

bool write_beside_names(mailbox_list *list, const std::string &name, std::string_view text,
                        std::string &error) {
  DataStackFrame frame;
  mailbox_permissions permissions;
  mailbox_list_get_root_permissions(list, &permissions);
  return write_file(place_of_names(list), name, text, permissions.file_create_mode, error);
}

bool is_known_name(mailbox_list *list, const std::string &storage_name) {
  return current_names(list).contains(storage_name);
}

StorageNames known_names(mailbox_list *list) { return current_names(list); }

void remember_name(mailbox_list *list, const std::string &storage_name) {
  if (is_known_name(list, storage_name) || storage_name.find('\n') != std::string::npos)
    return;
  StorageNames names = current_names(list);
  names.insert(storage_name);
  write_names(list, names);
}

void forget_name(mailbox_list *list, const std::string &storage_name) {
  StorageNames names = current_names(list);
  if (names.erase(storage_name) > 0)
    write_names(list, names);
}

void follow_rename(mailbox_list *from, const std::string &old_name, mailbox_list *to,
                   const std::string &new_name) {
  std::string below = old_name + mailbox_list_get_hierarchy_sep(from);
  StorageNames names = current_names(to);
  std::size_t before = names.size();
  for (const std::string &name : known_names(from)) {
    if (name == old_name || name.starts_with(below))
      names.insert(new_name + name.substr(old_name.size()));
  }
  if (names.size() != before)
    write_names(to, names);
}

} // namespace smime
