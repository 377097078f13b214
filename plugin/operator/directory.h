// Certificates that an LDAP directory publishes for an address. What it answers is
// not looked into here.
#ifndef SMIME_DIRECTORY_H
#define SMIME_DIRECTORY_H

#include "plugin/rules/settings.h"

#include <optional>
#include <string>
#include <vector>

namespace smime {

struct DirectoryEntry {
  std::string dn;
  // Values as they are in the directory.
  std::vector<std::string> user_certificate;
  std::vector<std::string> user_smime_certificate;
};

// The entries that the filter finds, bounded by max_directory_entries and
// max_directory_values. Nullopt with error set, which names the directory.
std::optional<std::vector<DirectoryEntry>> search_directory(const DirectorySettings &settings,
                                                            const std::string &password,
                                                            const std::string &address,
                                                            std::string &error);

inline constexpr int max_directory_entries = 10;
inline constexpr std::size_t max_directory_values = 16;
inline constexpr std::size_t max_directory_value = 1024UL * 1024;

} // namespace smime

#endif
