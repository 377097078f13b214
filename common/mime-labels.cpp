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

std::string shortened_name(std::string_view name, std::size_t most) {
  if (name.size() <= most || most <= kept_ending + gap.size())
    return std::string(name.substr(0, most));
  std::string shorter(name.substr(0, most - kept_ending - gap.size()));
  shorter += gap;
  return shorter.append(name.substr(name.size() - kept_ending));
}

} // namespace smime
