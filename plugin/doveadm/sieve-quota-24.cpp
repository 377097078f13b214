// Dovecot 2.4: blocks, as the tables of the modules that own them describe. Their
// fields are found by the setting's name, so that no header of theirs is needed.
#include "plugin/doveadm/sieve-quota.h"

#include "plugin/dovecot/ptr.h"
#include "plugin/settings/dovecot-24.h"

#include <dlfcn.h>

namespace smime {
namespace {

// Null while the module is not loaded: it has no effect then.
const setting_parser_info *find_info(const char *symbol) {
  return static_cast<const setting_parser_info *>(dlsym(RTLD_DEFAULT, symbol));
}

// A settings struct of whatever table.
class Values {
public:
  Values(event *e, const setting_parser_info &info) : info_(info) {
    const char *error;
    (void)(settings_get)(e, &info, static_cast<settings_get_flags>(0), __FILE__, __LINE__, &set_,
                         &error);
  }
  ~Values() {
    if (set_ == nullptr)
      return;
    pool_t pool = *static_cast<pool_t const *>(at(info_.pool_offset1 - 1U));
    pool_unref(&pool);
  }
  Values(const Values &) = delete;
  Values &operator=(const Values &) = delete;

  // "" if there is no such text.
  std::string text(std::string_view key) const {
    const void *field = find(key);
    const char *value = field == nullptr ? nullptr : *static_cast<const char *const *>(field);
    return value == nullptr ? "" : value;
  }

  std::vector<std::string> list(std::string_view key) const {
    const auto *names = static_cast<const ARRAY_TYPE(const_string) *>(find(key));
    if (names == nullptr || !array_is_created(names))
      return {};
    unsigned count;
    const char *const *first = array_get(names, &count);
    return {first, first + count};
  }

private:
  const void *at(std::size_t offset) const { return static_cast<const char *>(set_) + offset; }

  const void *find(std::string_view key) const {
    for (const setting_define *define = info_.defines; define->key != nullptr; define++) {
      if (key == define->key)
        return set_ == nullptr ? nullptr : at(define->offset);
    }
    return nullptr;
  }

  const setting_parser_info &info_;
  const void *set_ = nullptr;
};

// What is set within "kind name { }".
EventPtr in_block(mail_user *user, const char *kind, const std::string &name) {
  EventPtr e(event_create(user->event));
  settings_event_add_list_filter_name(e.get(), kind, name.c_str());
  return e;
}

// As 2.3 writes it. A path may be relative to the home directory.
std::string script_value(const std::string &type, const Values &file) {
  auto from_home = [](const std::string &path) {
    return path.empty() || path[0] == '/' || path[0] == '~' ? path : "~/" + path;
  };
  std::string path = from_home(file.text("sieve_script_path"));
  std::string active = from_home(file.text("sieve_script_active_path"));
  if (type != "personal")
    return path.empty() ? active : path;
  return "file:" + path + ";active=" + (active.empty() ? "~/.dovecot.sieve" : active);
}

} // namespace

NamedValues sieve_settings(mail_user *user) {
  const setting_parser_info *storage = find_info("sieve_storage_setting_parser_info");
  const setting_parser_info *file = find_info("sieve_file_storage_setting_parser_info");
  if (storage == nullptr || file == nullptr)
    return {};
  DataStackFrame frame;
  NamedValues values;
  for (const std::string &name : Values(user->event, *storage).list("sieve_script")) {
    EventPtr e = in_block(user, "sieve_script", name);
    Values script(e.get(), *storage);
    std::string type = script.text("sieve_script_type");
    // Those of type global run when another one includes them.
    if (script.text("sieve_script_driver") == "file" && type != "global")
      values.emplace_back("sieve_script " + name, script_value(type, Values(e.get(), *file)));
  }
  return values;
}

NamedValues quota_settings_of(mail_user *user) {
  const setting_parser_info *quota = find_info("quota_setting_parser_info");
  const setting_parser_info *root = find_info("quota_root_setting_parser_info");
  if (quota == nullptr || root == nullptr)
    return {};
  DataStackFrame frame;
  NamedValues values;
  for (const std::string &name : Values(user->event, *quota).list("quota"))
    values.emplace_back("quota " + name,
                        Values(in_block(user, "quota", name).get(), *root).text("quota_driver"));
  return values;
}

} // namespace smime
