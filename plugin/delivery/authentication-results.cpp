#include "plugin/delivery/authentication-results.h"

#include "common/ascii.h"
#include "common/safe-text.h"

#include <cctype>

namespace smime {
namespace {

constexpr std::string_view field_name = "authentication-results";

// RFC 2045's quoted-string, without what could end the field or the string.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : header_ascii(text)) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + "\"";
}

// An address as it is, if it is one of atoms; quoted else.
std::string address_value(const std::string &address) {
  bool plain = !address.empty() && address.size() <= max_mail_text &&
               address.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789.-_+@") == std::string::npos;
  return plain ? address : quoted(address);
}

void append_signer(std::string &field, const Signer &signer) {
  if (!signer.email.empty())
    field += "\r\n\tbody.smime-identifier=" + address_value(signer.email.front());
  if (!signer.serial.empty())
    field += "\r\n\tbody.smime-serial=" + address_value(signer.serial);
  if (!signer.issuer.empty())
    field += "\r\n\tbody.smime-issuer=" + quoted(signer.issuer);
  if (!signer.path.empty())
    field += "\r\n\tbody.smime-part=" + address_value(signer.path);
}

// Passes over white space and comments (RFC 5322 section 3.2.2).
void skip_comments(std::string_view &text) {
  unsigned depth = 0;
  while (!text.empty()) {
    char c = text.front();
    if (c == '\\' && depth > 0 && text.size() > 1)
      text.remove_prefix(1);
    else if (c == '(')
      depth++;
    else if (c == ')' && depth > 0)
      depth--;
    else if (depth == 0 && std::isspace(static_cast<unsigned char>(c)) == 0)
      return;
    text.remove_prefix(1);
  }
}

std::string authserv_id_of(std::string_view value) {
  skip_comments(value);
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    return lower(value.substr(0, value.find('"')));
  }
  return lower(value.substr(0, value.find_first_of(" \t\r\n;(")));
}

// The next field with its continuations; empty at the header's end.
std::string_view take_field(std::string_view &text) {
  std::size_t end = 0;
  do {
    auto newline = text.find('\n', end);
    end = newline == std::string_view::npos ? text.size() : newline + 1;
  } while (end < text.size() && (text[end] == ' ' || text[end] == '\t'));
  std::string_view field = text.substr(0, end);
  text.remove_prefix(end);
  return field == "\n" || field == "\r\n" ? std::string_view() : field;
}

} // namespace

std::string_view smime_result(const Report *report) {
  if (report == nullptr)
    return "temperror";
  bool has_signature = report->classes.has(MessageClass::signed_) ||
                       report->classes.has(MessageClass::opaque_signed) || !report->signers.empty();
  switch (report->signature) {
  case SignatureStatus::signed_verified:
  case SignatureStatus::encrypted_signed_verified: return "pass";
  case SignatureStatus::signed_failed:
  case SignatureStatus::encrypted_signed_failed: return "fail";
  case SignatureStatus::signed_: return "neutral";
  case SignatureStatus::unknown: break;
  }
  return has_signature ? "neutral" : "none";
}

std::string authentication_results(const std::string &authserv_id, const Report *report,
                                   unsigned foreign) {
  std::string field = "Authentication-Results: " + authserv_id;
  if (foreign > 0)
    field += "\r\n\t(" + std::to_string(foreign) + (foreign == 1 ? " field" : " fields") +
             " of this name below came with the message)";
  field += ";\r\n\tsmime=" + std::string(smime_result(report));
  if (report != nullptr && !report->signature_errors.empty())
    field += " reason=" + quoted(report->signature_errors.front().code);
  // Several signers: one property each would not say which is whose.
  if (report != nullptr && report->signers.size() == 1)
    append_signer(field, report->signers.front());
  return field + "\r\n";
}

unsigned count_results_of(std::string_view header, std::string_view authserv_id) {
  unsigned count = 0;
  std::string wanted = lower(authserv_id);
  for (std::string_view field = take_field(header); !field.empty(); field = take_field(header)) {
    auto colon = field.find(':');
    if (colon == std::string_view::npos)
      continue;
    std::string name = lower(field.substr(0, colon));
    name.erase(name.find_last_not_of(" \t") + 1);
    if (name == field_name && authserv_id_of(field.substr(colon + 1)) == wanted)
      count++;
  }
  return count;
}

} // namespace smime
