#include "plugin/notices/answer.h"

#include "common/ascii.h"
#include "plugin/rules/address.h"

#include <algorithm>
#include <array>

namespace smime {
namespace {

// The first word of a field's value, in lower case: comments and parameters may follow.
std::string first_word(std::string_view value) {
  constexpr std::string_view blanks = " \t\r\n";
  value.remove_prefix(std::min(value.find_first_not_of(blanks), value.size()));
  return lower(value.substr(0, value.find_first_of(" \t\r\n;(")));
}

// "<32 hexadecimal digits.others@...": see format_notice().
bool is_id_of_notice(std::string_view value) {
  constexpr std::size_t digits = 32;
  std::size_t start = value.find('<');
  if (start == std::string_view::npos)
    return false;
  value.remove_prefix(start + 1);
  return value.substr(0, digits).find_first_not_of("0123456789abcdef") == std::string_view::npos &&
         value.substr(std::min(digits, value.size())).starts_with(".others@");
}

// Names behind which there is a program (RFC 3834 section 2, RFC 2142).
bool is_of_a_program(std::string_view address) {
  constexpr std::array<std::string_view, 7> names{
      "mailer-daemon", "postmaster", "majordomo", "listserv", "noreply", "no-reply", "bounces"};
  std::string local = lower(address.substr(0, address.rfind('@')));
  return std::find(names.begin(), names.end(), local) != names.end() ||
         local.starts_with("owner-") || local.ends_with("-owner") || local.ends_with("-request") ||
         local.starts_with("bounce-") || local.starts_with("bounces-") ||
         local.ends_with("-bounces") || local.find("-bounces+") != std::string::npos;
}

} // namespace

bool concerns_answers(std::string_view name) {
  return equals_ignoring_case(name, "Auto-Submitted") || equals_ignoring_case(name, "Precedence") ||
         equals_ignoring_case(name, "Message-ID") || begins_ignoring_case(name, "List-");
}

void take_field(std::string_view name, std::string_view value, AnswerFacts &facts) {
  std::string word = first_word(value);
  if (equals_ignoring_case(name, "Auto-Submitted"))
    facts.automatic |= word != "no";
  else if (equals_ignoring_case(name, "Precedence"))
    facts.to_many |= word == "bulk" || word == "list" || word == "junk";
  else if (equals_ignoring_case(name, "Message-ID"))
    facts.is_notice |= is_id_of_notice(value);
  else if (begins_ignoring_case(name, "List-"))
    facts.to_many = true;
}

bool may_tell_sender(const std::string &sender, const std::string &to, const AnswerFacts &facts) {
  return facts.complete && !facts.automatic && !facts.to_many && !facts.is_notice &&
         is_plain_address(sender) && !is_of_a_program(sender) && !equals_ignoring_case(sender, to);
}

bool may_tell_addresses(const std::string &sender, const std::string &to,
                        const std::vector<std::string> &addresses, const AnswerFacts &facts) {
  // Ours have the empty reverse-path: nobody's mail is left out by its Message-ID alone.
  if (facts.is_notice && facts.automatic && sender == "<>")
    return false;
  return std::none_of(addresses.begin(), addresses.end(), [&](const std::string &address) {
    return equals_ignoring_case(address, to);
  });
}

} // namespace smime
