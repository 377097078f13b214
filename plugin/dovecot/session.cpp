#include "plugin/dovecot/session.h"

#include "plugin/dovecot/compat.h"

#include <algorithm>
#include <array>
#include <string_view>

extern "C" {
#include "mdbox-storage.h"
}

namespace smime {
namespace {

constexpr std::array<std::string_view, 6> internal_services{
    "lmtp", "lda", "doveadm", "indexer-worker", "dsync", "quota-status"};

} // namespace

std::string_view service_of(const mail_user *user) {
  return user->service == nullptr ? "" : user->service;
}

bool serves_client(const mail_user *user) {
  return std::find(internal_services.begin(), internal_services.end(), service_of(user)) ==
         internal_services.end();
}

bool delivers(const mail_user *user) {
  return service_of(user) == "lmtp" || service_of(user) == "lda";
}

bool is_rebuilding(const mail_storage *storage) {
  return storage != nullptr && std::string_view(storage->name) == MDBOX_STORAGE_NAME &&
         reinterpret_cast<const mdbox_storage *>(storage)->rebuilding_storage;
}

} // namespace smime
