#include "plugin/operator/directory.h"

#include "plugin/operator/certificate-check.h"

#include <ldap.h>
#include <memory>
#include <strings.h>
#include <sys/time.h>

namespace smime {
namespace {

constexpr time_t wait_seconds = 10;

struct LdapClose {
  void operator()(LDAP *ldap) const { (void)ldap_unbind_ext_s(ldap, nullptr, nullptr); }
};
struct ResultFree {
  void operator()(LDAPMessage *result) const { (void)ldap_msgfree(result); }
};
using LdapPtr = std::unique_ptr<LDAP, LdapClose>;
using ResultPtr = std::unique_ptr<LDAPMessage, ResultFree>;

std::string failed(const DirectorySettings &settings, const char *what, int code) {
  return "smime_directory_uri=" + settings.uri + ": " + what + ": " + ldap_err2string(code);
}

LdapPtr connect(const DirectorySettings &settings, const std::string &password,
                std::string &error) {
  LDAP *handle = nullptr;
  int code = ldap_initialize(&handle, settings.uri.c_str());
  LdapPtr ldap(code == LDAP_SUCCESS ? handle : nullptr);
  if (ldap == nullptr) {
    error = failed(settings, "address", code);
    return nullptr;
  }
  const int version = LDAP_VERSION3;
  const timeval wait = {wait_seconds, 0};
  (void)ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
  (void)ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &wait);
  (void)ldap_set_option(handle, LDAP_OPT_TIMEOUT, &wait);
  (void)ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  berval credentials{password.size(), const_cast<char *>(password.data())};
  const char *dn = settings.bind_dn.empty() ? nullptr : settings.bind_dn.c_str();
  code = ldap_sasl_bind_s(handle, dn, LDAP_SASL_SIMPLE, &credentials, nullptr, nullptr, nullptr);
  if (code == LDAP_SUCCESS)
    return ldap;
  error = failed(settings, "binding", code);
  return nullptr;
}

std::vector<std::string> values_of(LDAP *ldap, LDAPMessage *entry, const char *attribute) {
  std::vector<std::string> values;
  for (const std::string &name : {std::string(attribute) + ";binary", std::string(attribute)}) {
    berval **list = ldap_get_values_len(ldap, entry, name.c_str());
    for (berval **value = list; value != nullptr && *value != nullptr; value++) {
      if (values.size() < max_directory_values && (*value)->bv_len <= max_directory_value)
        values.emplace_back((*value)->bv_val, (*value)->bv_len);
    }
    if (list != nullptr)
      ldap_value_free_len(list);
    if (!values.empty())
      break;
  }
  return values;
}

std::string dn_of(LDAP *ldap, LDAPMessage *entry) {
  char *dn = ldap_get_dn(ldap, entry);
  std::string text = dn == nullptr ? "" : dn;
  ldap_memfree(dn);
  return text;
}

} // namespace

std::optional<std::vector<DirectoryEntry>> search_directory(const DirectorySettings &settings,
                                                            const std::string &password,
                                                            const std::string &address,
                                                            std::string &error) {
  LdapPtr ldap = connect(settings, password, error);
  if (ldap == nullptr)
    return std::nullopt;
  char names[4][32] = {"userCertificate;binary", "userCertificate", "userSMIMECertificate;binary",
                       "userSMIMECertificate"};
  char *attributes[] = {names[0], names[1], names[2], names[3], nullptr};
  timeval wait = {wait_seconds, 0};
  LDAPMessage *found = nullptr;
  int code = ldap_search_ext_s(ldap.get(), settings.base.c_str(), LDAP_SCOPE_SUBTREE,
                               directory_filter(settings.filter, address).c_str(), attributes, 0,
                               nullptr, nullptr, &wait, max_directory_entries, &found);
  ResultPtr result(found);
  if (code != LDAP_SUCCESS && code != LDAP_SIZELIMIT_EXCEEDED) {
    error = failed(settings, "searching smime_directory_base", code);
    return std::nullopt;
  }
  std::vector<DirectoryEntry> entries;
  for (LDAPMessage *entry = ldap_first_entry(ldap.get(), result.get()); entry != nullptr;
       entry = ldap_next_entry(ldap.get(), entry))
    entries.push_back({dn_of(ldap.get(), entry), values_of(ldap.get(), entry, "userCertificate"),
                       values_of(ldap.get(), entry, "userSMIMECertificate")});
  return entries;
}

} // namespace smime
