// smime-desk.conf: "key = value" lines, "#" comments. Both programs of the desk read it.
#ifndef SMIME_DESK_CONFIG_H
#define SMIME_DESK_CONFIG_H

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime::desk {

// 192.0.2.0/24, 2001:db8::/32, or one address.
class Network {
public:
  static std::optional<Network> parse(std::string_view text);
  // The address in text, as inet_ntop() writes it; an IPv4 address mapped into IPv6 is that of
  // IPv4. False for what is no address.
  bool contains(std::string_view address) const;

private:
  // IPv4 in its mapped form.
  std::array<unsigned char, 16> bytes_{};
  unsigned bits_ = 128;
};

enum class Language : std::uint8_t { automatic, en, de };
// Whose ordinary logins may be reviewers': nobody's, or those of the names in a role.
enum class ReviewerLogins : std::uint8_t { master, any };

struct DeskConfig {
  // Seconds after which a session ends that nobody uses, and after which any ends.
  std::uint64_t idle_time = 15UL * 60;
  std::uint64_t absolute_time = 8UL * 3600;
  // automatic: what the browser asks for.
  Language language = Language::automatic;
  // Proxies whose X-Forwarded-For and X-Forwarded-Proto count.
  std::vector<Network> trusted_networks;
  // Whether HTML of mail can be looked at, in a frame that can do nothing.
  bool html_view = false;
  ReviewerLogins reviewer_logins = ReviewerLogins::master;
  // As whom a reviewer logs in by the master passdb: auth has to hear of another user than himself.
  // No mailbox is opened by it. Where the passdb says result_success=continue, it has to be a user
  // who exists.
  std::string master_login = "smime-desk";
  // The directory of the templates and languages; empty: where they were installed.
  std::string texts;
  std::string token_file = "/var/lib/dovecot/smime-desk-tokens";
  // Plain HTTP from this machine, and cookies for it: for trying things.
  bool insecure = false;

  bool trusts(std::string_view address) const;
};

// Unknown keys and bad values are refused: returns nullopt and sets error to
// "FILE:LINE: what is wrong".
std::optional<DeskConfig> parse_desk_config(std::string_view text, const std::string &file,
                                            std::string &error);

// Reads file. A missing one is an error only if required.
std::optional<DeskConfig> read_desk_config(const std::string &file, bool required,
                                           std::string &error);

} // namespace smime::desk

#endif
