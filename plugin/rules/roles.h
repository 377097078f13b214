// Roles: what a reviewer may do with which held mail (smime_role). No Dovecot header.
#ifndef SMIME_RULES_ROLES_H
#define SMIME_RULES_ROLES_H

#include "common/report.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

struct Settings;

// What can be done with a held message, or with the rules (policy).
enum class Act : std::uint8_t {
  list,
  preview,
  show,
  release,
  reject,
  remove, // "delete"
  download,
  policy
};

std::string_view name_of(Act act);

// A set of acts.
class Acts {
public:
  constexpr Acts() = default;
  constexpr Acts(std::initializer_list<Act> acts) {
    for (Act act : acts)
      add(act);
  }
  constexpr void add(Act act) { bits_ |= bit(act); }
  constexpr void add(Acts acts) { bits_ |= acts.bits_; }
  constexpr bool has(Act act) const { return (bits_ & bit(act)) != 0; }
  constexpr bool has_any(Acts acts) const { return (bits_ & acts.bits_) != 0; }
  constexpr bool has_all(Acts acts) const { return (bits_ & acts.bits_) == acts.bits_; }
  constexpr bool empty() const { return bits_ == 0; }

private:
  static constexpr unsigned bit(Act act) { return 1U << static_cast<unsigned>(act); }
  unsigned bits_ = 0;
};

inline constexpr Acts all_acts{Act::list,   Act::preview, Act::show,     Act::release,
                               Act::reject, Act::remove,  Act::download, Act::policy};

// "list show release"
std::string names_of(Acts acts);

// One role. A limit that is empty limits nothing.
struct Role {
  // The setting that it came from, for messages: smime_role, smime_role2, ...
  std::string setting;
  // As the operator wrote it.
  std::string text;

  // Patterns of login names, letters as they are.
  std::vector<std::string> reviewers;
  // Patterns of the envelope's recipient or the user's name.
  std::vector<std::string> to;
  std::optional<ClassSet> classes;
  // Names of rules, such as smime_rule2; of Dovecot 2.4's, the name alone as well.
  std::vector<std::string> rules;
  Acts may;
  // How many names have to approve before a message is released.
  unsigned approvals = 1;

  // Whether it is about some of the held messages only.
  bool is_limited() const { return !to.empty() || classes || !rules.empty(); }
};

// What a role asks of a held message. Views live as long as the question.
struct HeldFacts {
  // The envelope's recipient, and the full name of the user, which may be empty.
  std::string_view to;
  std::string_view user;
  // Null: not known, which no class= matches.
  const ClassSet *classes = nullptr;
  // As recorded: "smime_rule2: class=encrypted action=quarantine".
  std::string_view rule;
};

// How many keys a role may have.
inline constexpr std::size_t role_key_count = 6;
std::vector<std::string_view> role_keys();

// Parses one role: key=value ..., values may be quoted, several in one are separated by commas.
// On an error it is set to "SETTING: what is wrong with which word", and the role is one that
// allows nothing. It has the reviewers that could be read even so: they do not become logins for
// which no role is made, to which the user's mail is open.
Role parse_role(const std::string &setting, std::string_view text, std::string &error);

// A name that somebody gives himself or another, such as --as: not empty, not longer than any
// login, and UTF-8 that is seen as it is, so that no two names are kept or shown as one.
bool is_reviewer_name(std::string_view name);

// The name's roles, where it is they that say what he may do: none if he may do all, or if there is
// an error in the settings.
std::vector<const Role *> roles_of(const Settings &settings, std::string_view name);

// Whether a role, smime_reviewers or smime_reviewers_all_mail names the login.
bool is_named_reviewer(const Settings &settings, std::string_view name);

// Whether no role of the name counts, since there is an error in the settings: not to be taken for
// a name that has none.
bool are_roles_void(const Settings &settings, std::string_view name);

// Sentences on names of rules in roles that no rule has, each with setting and word. A rule of a
// mailbox's block in Dovecot 2.4 is not among the settings, and is taken for missing.
std::vector<std::string> missing_rules_of_roles(const Settings &settings);

// What the name may do with every held message, whatever it is: smime_reviewers and
// smime_reviewers_all_mail all, and what roles without limits say, which is nothing if there is
// an error in the settings.
Acts acts_on_all(const Settings &settings, std::string_view name);

// What the name may do with this message. None: for this name it is not held.
Acts acts_on(const Settings &settings, std::string_view name, const HeldFacts &held);

// How many names have to approve of a release before the last of them releases the message, if
// this one may: of several roles by which he may, the one that asks for the fewest counts. 0: he
// may not.
unsigned approvals_for(const Settings &settings, std::string_view name, const HeldFacts &held);
// The same with every held message, whatever it is.
unsigned approvals_for_all(const Settings &settings, std::string_view name);

// What the name may do with some message.
Acts acts_on_any(const Settings &settings, std::string_view name);

} // namespace smime

#endif
