#include "scanner/verify/list-fields.h"

#include "common/ascii.h"
#include "scanner/verify/address-text.h"

#include <algorithm>
#include <array>

namespace smime {
namespace {

constexpr std::array<std::string_view, 6> author_fields{
    "reply-to", "cc", "author", "x-original-from", "original-from", "x-original-sender"};
// What lists write for the "@" of an address that they wrap in one of their own.
constexpr std::array<std::string_view, 3> wrappings{"=40", "=", "%40"};

// What is between the last "<" and the ">" behind it.
std::string_view in_brackets(std::string_view text) {
  auto open = text.rfind('<');
  auto close = open == std::string_view::npos ? open : text.find('>', open);
  return close == std::string_view::npos ? std::string_view()
                                         : text.substr(open + 1, close - open - 1);
}

// "list.lists.example.org" is of the domain lists.example.org.
std::string_view domain_of_list(std::string_view list) {
  auto mark = list.find_first_of("@.");
  return mark == std::string_view::npos ? list : list.substr(mark + 1);
}

bool is_list(std::string_view address, std::string_view list) {
  std::string dotted(address);
  std::replace(dotted.begin(), dotted.end(), '@', '.');
  return address == list || dotted == list;
}

// Whether domain is other or below it.
bool is_within(std::string_view domain, std::string_view other) {
  if (other.find('.') == std::string_view::npos || !domain.ends_with(other))
    return false;
  return domain.size() == other.size() || domain[domain.size() - other.size() - 1] == '.';
}

} // namespace

bool ListFields::wants(std::string_view name) {
  std::string field = lower(name);
  return field == "list-id" || field == "list-post" ||
         std::find(author_fields.begin(), author_fields.end(), field) != author_fields.end();
}

void ListFields::add(std::string_view name, Bytes value) {
  std::string field = lower(name);
  std::string text = lower(as_text(value));
  if (field != "list-id" && field != "list-post") {
    for_each_address(text, [&](std::string address) {
      if (authors.size() < max_authors)
        authors.push_back(std::move(address));
    });
    return;
  }
  std::string_view list = in_brackets(text);
  constexpr std::string_view scheme = "mailto:";
  if (field == "list-post")
    list = list.starts_with(scheme) ? list.substr(scheme.size()) : std::string_view();
  list = list.substr(0, list.find('?'));
  if (!list.empty() && lists.size() < max_lists)
    lists.emplace_back(list);
}

bool ListFields::rewrote(std::string_view from, std::string_view author) const {
  std::string address = lower(from);
  std::string written = lower(author);
  auto at = address.rfind('@');
  auto author_at = written.rfind('@');
  if (at == std::string::npos || author_at == std::string::npos)
    return false;
  bool is_named = std::find(authors.begin(), authors.end(), written) != authors.end();
  std::string user = address.substr(0, at);
  bool has_author = std::any_of(wrappings.begin(), wrappings.end(), [&](std::string_view mark) {
    return user == written.substr(0, author_at) + std::string(mark) + written.substr(author_at + 1);
  });
  return std::any_of(lists.begin(), lists.end(), [&](const std::string &list) {
    return (is_named && is_list(address, list)) ||
           (has_author &&
            is_within(std::string_view(address).substr(at + 1), domain_of_list(list)));
  });
}

} // namespace smime
