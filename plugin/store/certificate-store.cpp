#include "plugin/store/certificate-store.h"

#include "common/ascii.h"
#include "common/sha256.h"
#include "plugin/store/atomic-file.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>

namespace smime {
namespace {

constexpr std::size_t max_file_size = 64UL * 1024;
constexpr std::size_t max_address = 320;
constexpr std::string_view suffix = ".pem";
constexpr std::string_view address_key = "Address: ";
constexpr std::string_view digest_key = "SHA256: ";
constexpr std::string_view signed_key = "Signed: ";

// The address itself where it is a plain file name, else its digest.
std::string file_name(const std::string &address) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyz0123456789@._+-=";
  if (address.size() <= 200 && std::isalnum(static_cast<unsigned char>(address[0])) != 0 &&
      address.find_first_not_of(plain) == std::string::npos)
    return address + std::string(suffix);
  CanonicalSha256 digest;
  digest.update(as_bytes(address));
  return "sha256-" + to_hex(digest.result()) + std::string(suffix);
}

bool is_address(const std::string &text) {
  return !text.empty() && text.size() <= max_address && text.find('@') != std::string::npos &&
         std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string value_of(const std::string &text, std::string_view key) {
  auto at = text.starts_with(key) ? 0 : text.find("\n" + std::string(key));
  if (at == std::string::npos)
    return {};
  at = text.find(key, at) + key.size();
  return text.substr(at, text.find('\n', at) - at);
}

std::optional<KeptCertificate> read_kept(const std::string &path) {
  std::string text;
  std::string ignored;
  if (!read_users_file(path, max_file_size, text, ignored))
    return std::nullopt;
  auto begin = text.find("-----BEGIN CERTIFICATE-----");
  if (begin == std::string::npos)
    return std::nullopt;
  std::string head = text.substr(0, begin);
  KeptCertificate kept{value_of(head, address_key), value_of(head, digest_key),
                       value_of(head, signed_key), text.substr(begin), path};
  return kept.address.empty() ? std::nullopt : std::optional(kept);
}

std::string format(const std::string &address, const Signer &signer) {
  std::string text = std::string(address_key) + address + "\n" + std::string(digest_key) +
                     signer.sha256 + "\n" + std::string(signed_key) + signer.signing_time +
                     "\n-----BEGIN CERTIFICATE-----\n";
  for (std::size_t at = 0; at < signer.certificate.size(); at += 64)
    text += signer.certificate.substr(at, 64) + "\n";
  return text + "-----END CERTIFICATE-----\n";
}

bool is_base64(const std::string &text) {
  return !text.empty() &&
         text.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") ==
             std::string::npos;
}

std::size_t count_files(const std::string &folder) {
  std::size_t count = 0;
  std::unique_ptr<DIR, int (*)(DIR *)> directory(opendir(folder.c_str()), closedir);
  while (directory != nullptr && readdir(directory.get()) != nullptr)
    count++;
  return count;
}

bool keep_for(const std::string &folder, const std::string &address, const Signer &signer,
              std::string &error) {
  std::string name = file_name(address);
  auto present = read_kept(folder + "/" + name);
  if (present && (present->sha256 == signer.sha256 || present->signed_at > signer.signing_time))
    return true;
  if (!present && count_files(folder) >= max_kept_certificates + 2) {
    error =
        folder + ": it holds " + std::to_string(max_kept_certificates) + " certificates already";
    return false;
  }
  return write_file(folder, name, format(address, signer), 0600, error);
}

} // namespace

std::string certificate_folder(const std::string &home) { return home + "/smime-certificates"; }

bool keep_certificate(const std::string &folder, const Signer &signer, std::string &error) {
  if (!is_base64(signer.certificate))
    return true;
  if (mkdir(folder.c_str(), 0700) < 0 && errno != EEXIST) {
    error = folder + ": " + std::strerror(errno);
    return false;
  }
  bool ok = true;
  for (const std::string &email : signer.email) {
    std::string address = lower(email);
    if (is_address(address))
      ok = keep_for(folder, address, signer, error) && ok;
  }
  return ok;
}

std::optional<std::vector<KeptCertificate>> kept_certificates(const std::string &folder,
                                                              std::string &error) {
  std::vector<KeptCertificate> list;
  std::unique_ptr<DIR, int (*)(DIR *)> directory(opendir(folder.c_str()), closedir);
  if (directory == nullptr) {
    if (errno == ENOENT)
      return list;
    error = folder + ": " + std::strerror(errno);
    return std::nullopt;
  }
  while (const dirent *entry = readdir(directory.get())) {
    std::string_view name(entry->d_name);
    if (name.starts_with('.') || !name.ends_with(suffix) || list.size() >= max_kept_certificates)
      continue;
    if (auto kept = read_kept(folder + "/" + entry->d_name))
      list.push_back(std::move(*kept));
  }
  std::sort(list.begin(), list.end(), [](const KeptCertificate &a, const KeptCertificate &b) {
    return a.address < b.address;
  });
  return list;
}

std::optional<KeptCertificate> kept_certificate(const std::string &folder,
                                                const std::string &address) {
  std::string wanted = lower(address);
  return is_address(wanted) ? read_kept(folder + "/" + file_name(wanted)) : std::nullopt;
}

} // namespace smime
