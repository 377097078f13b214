// SHA-256 over the canonical form of mail: every line ends in CRLF.
#ifndef SMIME_SHA256_H
#define SMIME_SHA256_H

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace smime {

using Digest = std::array<unsigned char, 32>;

std::string to_hex(const Digest &digest);
// Nullopt if the text is not 64 hexadecimal digits in lower case.
std::optional<Digest> digest_from_hex(std::string_view hex);

// OpenSSL's SHA-256. An error of OpenSSL throws std::runtime_error.
class Sha256 {
public:
  Sha256();
  void update(std::span<const unsigned char> bytes);
  // Ends the computation.
  Digest result();

private:
  struct Free {
    void operator()(evp_md_ctx_st *context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// How the lines of some bytes end, and what IMAP cannot carry of them.
struct LineEnds {
  bool crlf = false;
  bool bare_lf = false;
  // CR CR LF, which Dovecot stores as CR LF.
  bool doubled_cr = false;
  // A CR at the very end, which storages drop.
  bool last_cr = false;
  // NUL, which IMAP serves as 0x80.
  bool nul = false;
};

// Hashes bytes in canonical form: LF, CR LF and CR CR ... LF become CR LF, and CRs at
// the end are left out, which is what Dovecot serves of them. Constant memory; input in
// pieces of any size.
class CanonicalSha256 {
public:
  void update(std::span<const unsigned char> bytes);
  Digest result();
  // Complete after result().
  const LineEnds &line_ends() const { return ends_; }

private:
  void put(std::span<const unsigned char> bytes);
  void end_line(std::size_t carriage_returns);
  void flush();

  Sha256 sha256_;
  std::array<unsigned char, 16384> output_;
  std::size_t used_ = 0;
  // CRs at the end of the last piece, not yet hashed.
  std::size_t held_ = 0;
  LineEnds ends_;
};

} // namespace smime

#endif
