#include "common/mime-labels.h"

#include <algorithm>
#include <strings.h>

namespace smime {
namespace {

// Room for an extension, and for a second one before it.
constexpr std::size_t kept_ending = 32;
constexpr std::string_view gap = "...";

// The type behind "application/" and perhaps "x-".
std::string_view subtype_of(std::string_view type) {
  constexpr std::string_view application = "application/";
  if (!type.starts_with(application))
    return {};
  type.remove_prefix(application.size());
  if (type.starts_with("x-"))
    type.remove_prefix(2);
  return type;
}

} // namespace

bool is_cms_type(std::string_view type) { return subtype_of(type) == cms_type_word; }

bool is_cms_signature_type(std::string_view type) { return subtype_of(type) == cms_signature_word; }

bool is_cms_name(std::string_view name) {
  return std::any_of(cms_endings.begin(), cms_endings.end(), [&](std::string_view ending) {
    return name.size() >= ending.size() && strncasecmp(name.data() + name.size() - ending.size(),
                                                       ending.data(), ending.size()) == 0;
  });
}

bool is_pgp_armor(std::string_view words) { return words.starts_with(pgp_words); }

bool is_pgp_message_armor(std::string_view words) {
  return std::any_of(pgp_message_words.begin(), pgp_message_words.end(),
                     [&](std::string_view label) { return words.starts_with(label); });
}

bool is_cms_armor(std::string_view words) {
  return std::find(cms_words.begin(), cms_words.end(), words) != cms_words.end();
}

bool is_encrypted_armor(std::string_view words) {
  return words.find("ENCRYPTED") != std::string_view::npos &&
         words.find("KEY") == std::string_view::npos;
}

std::string_view armor_words(std::string_view line) {
  constexpr std::string_view begin = "-----BEGIN ";
  auto at = line.find(begin);
  if (at == std::string_view::npos)
    return {};
  line.remove_prefix(at + begin.size());
  return line.substr(0, line.find("-----"));
}

std::string shortened_name(std::string_view name, std::size_t most) {
  if (name.size() <= most || most <= kept_ending + gap.size())
    return std::string(name.substr(0, most));
  std::string shorter(name.substr(0, most - kept_ending - gap.size()));
  shorter += gap;
  return shorter.append(name.substr(name.size() - kept_ending));
}

} // namespace smime
