#include "common/sha256.h"

#include <algorithm>
#include <cstring>
#include <openssl/evp.h>
#include <stdexcept>

namespace smime {
namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::array<unsigned char, 2> crlf{'\r', '\n'};

// OpenSSL 3 looks for the implementation each time that it is given EVP_sha256().
const EVP_MD *sha256_method() {
  static const EVP_MD *const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return method;
}

} // namespace

std::string to_hex(const Digest &digest) {
  constexpr const char *digits = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<Digest> digest_from_hex(std::string_view hex) {
  constexpr std::string_view digits = "0123456789abcdef";
  Digest digest;
  if (hex.size() != 2 * digest.size())
    return std::nullopt;
  for (std::size_t at = 0; at < digest.size(); at++) {
    auto high = digits.find(hex[2 * at]);
    auto low = digits.find(hex[2 * at + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos)
      return std::nullopt;
    digest[at] = static_cast<unsigned char>(high << 4 | low);
  }
  return digest;
}

void Sha256::Free::operator()(evp_md_ctx_st *context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || sha256_method() == nullptr ||
      EVP_DigestInit_ex(context_.get(), sha256_method(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
}

void Sha256::update(Bytes bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
    throw std::runtime_error("computing SHA-256 failed");
}

Digest Sha256::result() {
  Digest digest;
  if (EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1)
    throw std::runtime_error("computing SHA-256 failed");
  return digest;
}

void CanonicalSha256::flush() {
  sha256_.update(Bytes(output_).first(used_));
  used_ = 0;
}

void CanonicalSha256::put(Bytes bytes) {
  if (bytes.size() > output_.size() - used_)
    flush();
  if (bytes.size() > output_.size()) {
    sha256_.update(bytes);
    return;
  }
  std::copy(bytes.begin(), bytes.end(), output_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ += bytes.size();
}

void CanonicalSha256::end_line(std::size_t carriage_returns) {
  ends_.bare_lf |= carriage_returns == 0;
  ends_.crlf |= carriage_returns == 1;
  ends_.doubled_cr |= carriage_returns > 1;
}

void CanonicalSha256::update(Bytes bytes) {
  if (bytes.empty())
    return;
  ends_.nul = ends_.nul || std::memchr(bytes.data(), '\0', bytes.size()) != nullptr;
  // Everything before start is hashed; what is canonical already goes in one run.
  const unsigned char *start = bytes.data();
  const unsigned char *end = start + bytes.size();
  const unsigned char *position = start;
  while (position < end) {
    const auto *newline = static_cast<const unsigned char *>(
        std::memchr(position, '\n', static_cast<std::size_t>(end - position)));
    const unsigned char *text_end = newline == nullptr ? end : newline;
    while (text_end > position && text_end[-1] == '\r')
      text_end--;
    bool all_cr = text_end == position;
    std::size_t carriage_returns =
        static_cast<std::size_t>((newline == nullptr ? end : newline) - text_end);
    if (held_ > 0 && position == start) {
      // The last piece's CRs belong to this line end, or to its text.
      if (all_cr) {
        carriage_returns += held_;
        if (newline == nullptr) {
          held_ = carriage_returns;
          return;
        }
      } else {
        for (; held_ > 0; held_--)
          put(Bytes(crlf).first(1));
      }
    }
    if (newline == nullptr) {
      put(Bytes(start, text_end));
      held_ = carriage_returns;
      return;
    }
    end_line(carriage_returns);
    position = newline + 1;
    if (carriage_returns == 1 && held_ == 0)
      continue;
    put(Bytes(start, text_end));
    put(crlf);
    held_ = 0;
    start = position;
  }
  put(Bytes(start, end));
}

Digest CanonicalSha256::result() {
  // Whether they stand before a line end, of the boundary that follows, or before the end
  // of the message: no storage keeps them.
  ends_.last_cr = held_ > 0;
  held_ = 0;
  flush();
  return sha256_.result();
}

} // namespace smime
