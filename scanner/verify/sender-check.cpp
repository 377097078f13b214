#include "scanner/verify/sender-check.h"

#include <algorithm>
#include <utility>

namespace smime {
namespace {

// "*" for any number of characters; letters of ASCII in any case.
bool matches(std::string_view pattern, std::string_view address) {
  auto star = pattern.find('*');
  if (star == std::string_view::npos)
    return is_same_address(pattern, address);
  std::string_view rest = pattern.substr(star + 1);
  if (address.size() < star || !is_same_address(pattern.substr(0, star), address.substr(0, star)))
    return false;
  for (std::size_t at = star; at <= address.size(); at++) {
    if (matches(rest, address.substr(at)))
      return true;
  }
  return false;
}

class SenderCheck {
public:
  SenderCheck(SignatureFindings &findings, const TrustConfig &config)
      : findings_(findings), config_(config) {}
  void check_senders();
  void check_protected_header();

private:
  bool is_named_for_others() const;
  void add(const char *code, std::string text, std::string remedy) {
    findings_.errors.push_back({code, "", std::move(text), std::move(remedy)});
  }

  SignatureFindings &findings_;
  const TrustConfig &config_;
};

bool SenderCheck::is_named_for_others() const {
  const auto &from = findings_.senders.from;
  const auto &patterns = config_.named_for_others;
  return !from.empty() && std::all_of(from.begin(), from.end(), [&](const std::string &address) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string &one) { return matches(one, address); });
  });
}

void SenderCheck::check_senders() {
  const Senders &senders = findings_.senders;
  constexpr const char *ask = "Treat the message as forged; ask the sender by another way.";
  if (senders.contradicting)
    add("several-from",
        "The message has several From or several Sender fields: readers show different ones.", ask);
  else if (senders.from_fields > 1 || senders.sender_fields > 1)
    add("repeated-from",
        "The message has several From or several Sender fields; they name the same addresses.",
        "None.");
  if (!senders.contradicting && senders.from.size() > 1)
    add("several-authors", "The message is from several people: " + joined(senders.from) + ".",
        "A signature cannot speak for all of them.");
  if (!senders.misleading.empty())
    add("misleading-address",
        "The From or Sender field reads as something else than it says: " + senders.misleading +
            ".",
        ask);
  if (!senders.odd.empty() || senders.from.empty())
    add("odd-address",
        "The From or Sender field is odd: " +
            (senders.odd.empty() ? std::string("there is none") : senders.odd) + ".",
        "Mail programs may show different senders; look at the message's source.");
  if (!senders.note.empty())
    add("odd-charset", "The From or Sender field is odd: " + senders.note + ".", "None.");
  if (!senders.address_in_name.empty() && !is_named_for_others())
    add("address-in-name",
        "The sender's display name reads as another address than the sender's own: " +
            senders.address_in_name + ".",
        "If this sender always writes so (calendars, certified mail, mailing lists), add the "
        "address to named_for_others in smime-scanner.conf; else ask the sender by another way.");
}

void SenderCheck::check_protected_header() {
  if (!findings_.has_protected_from)
    return;
  const Senders &inner = findings_.protected_senders;
  const Senders &outer = findings_.senders;
  auto compare = [this](const char *field, unsigned fields, const std::vector<std::string> &inside,
                        const std::vector<std::string> &outside) {
    bool same = !findings_.protected_senders.contradicting && inside.size() == outside.size();
    for (const std::string &address : inside)
      same = same && has_address(outside, address);
    if (fields > 0 && !same)
      add("header-mismatch",
          "The signed header says " + std::string(field) + ": " + joined(inside) +
              ", and the message's own says " + (outside.empty() ? "nothing" : joined(outside)) +
              ".",
          "Look for what rewrites From or Sender between the sender and here, such as a mailing "
          "list.");
  };
  // The list put itself there; that the signer is the one inside is seen at the signature.
  bool by_list =
      !inner.contradicting && inner.from.size() == 1 && outer.is_rewritten_for(inner.from.front());
  if (!by_list)
    compare("From", inner.from_fields, inner.from, outer.from);
  compare("Sender", inner.sender_fields, inner.sender, outer.sender);
  if (!inner.misleading.empty())
    add("misleading-address",
        "The signed header's From or Sender field reads as something else than it says: " +
            inner.misleading + ".",
        "Treat the message as forged; ask the sender by another way.");
  else if (!inner.odd.empty() || (!inner.address_in_name.empty() && !is_named_for_others()))
    add("odd-address",
        "The signed header's From or Sender field is odd: " +
            (inner.odd.empty() ? "it reads as " + inner.address_in_name : inner.odd) + ".",
        "Mail programs may show different senders; look at the message's source.");
}

} // namespace

std::string joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words) {
    if (text.size() > 300)
      return text + ", ...";
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

void check_senders(SignatureFindings &findings, const TrustConfig &config) {
  SenderCheck check(findings, config);
  check.check_senders();
  check.check_protected_header();
}

} // namespace smime
