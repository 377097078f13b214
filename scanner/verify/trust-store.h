// The operator's trust store, trust_dir: anchors, intermediates and CRLs as PEM,
// DER or PKCS #7 files. trust_dir/example.org/ holds what counts in addition for
// senders of that domain.
#ifndef SMIME_TRUST_STORE_H
#define SMIME_TRUST_STORE_H

#include "common/byte-sink.h"
#include "common/report.h"
#include "scanner/base/openssl-ptr.h"
#include "scanner/verify/known-chains.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

enum class TrustKind : std::uint8_t {
  anchor,       // a CA that signed itself
  intermediate, // a CA that another one signed
  crl,
  other, // a certificate that is no CA: counts for nothing
};
std::string_view name_of(TrustKind kind);

// One certificate or CRL of the store.
struct TrustEntry {
  TrustKind kind = TrustKind::other;
  // Relative to trust_dir: "ca.pem", "example.org/ca.pem".
  std::string file;
  // Empty for what counts for every sender.
  std::string domain;
  // Names as RFC 4514; serial and key identifiers in upper case hex. For a CRL
  // subject is empty and serial its number.
  std::string subject;
  std::string issuer;
  std::string serial;
  std::string aki;
  std::string ski;
  // SHA-256 of the DER, lower case hex.
  std::string sha256;
  // Seconds since 1970. Certificates: notBefore, notAfter; CRLs: thisUpdate,
  // nextUpdate (0: it has none).
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  // What is wrong with it now: certificate-expired, certificate-not-yet-valid,
  // not-a-ca, weak-algorithm, issuer-missing, namesake, crl-stale, crl-wrong-issuer.
  std::vector<ReportError> problems;
};

// What one file held.
struct TrustObjects {
  std::vector<CertificatePtr> certificates;
  std::vector<CrlPtr> crls;
};

// Reads PEM, DER or PKCS #7 from the bytes of one file. Returns false with error
// set ("no certificate or CRL in it: ...") if there is nothing or something is
// damaged; a private key is named as such.
bool parse_trust_file(Bytes bytes, TrustObjects &objects, std::string &error);

// The entry of one object, with file and domain empty. now is for what is wrong
// with it by itself; what it lacks from others (issuer-missing,
// crl-wrong-issuer) the store adds.
TrustEntry describe(X509 *certificate, std::int64_t now);
TrustEntry describe(X509_CRL *crl, std::int64_t now);

// What holds for one sender; lives as long as the store.
struct TrustSet {
  StorePtr anchors;
  CertificateStackPtr intermediates;
  CrlStackPtr crls;
  // notBefore, notAfter, thisUpdate and nextUpdate of all of them.
  std::vector<std::int64_t> times;
};

class TrustStore {
public:
  // Reads the directory. Returns null with error set, naming trust_dir, if the
  // directory cannot be read; a bad file in it is no error but one of
  // problems(). Bounded by max_trust_files and max_trust_file_size.
  static std::unique_ptr<TrustStore> open(const std::string &directory, std::string &error);
  ~TrustStore();
  TrustStore(const TrustStore &) = delete;
  TrustStore &operator=(const TrustStore &) = delete;

  const std::vector<TrustEntry> &entries() const { return entries_; }
  // Files that could not be used; path is the file, relative to trust_dir. Codes
  // trust-file-unreadable, trust-file-invalid, trust-limit.
  const std::vector<ReportError> &problems() const { return problems_; }
  std::size_t anchor_count() const;

  // Whether a file was added, removed or changed since open(). Looks once a
  // second at most, by stat relative to a directory that was opened before the
  // sandbox and needs no path; reads nothing. A symbolic link is looked at as
  // such. The caller opens the store anew, or ends so that a process with the
  // new one takes over.
  bool changed();

  // For senders of domain (lower case, may be empty): the store's own, and
  // what is in the domain's folder.
  const TrustSet &for_domain(const std::string &domain) const;
  KnownChains &known_chains() { return known_chains_; }

private:
  // What tells that a file or folder is not the one that was read.
  struct Stamp {
    std::string path;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t seconds = 0; // of its last change
    std::int64_t nanoseconds = 0;
    bool operator==(const Stamp &) const = default;
  };
  struct Owned {
    CertificatePtr certificate;
    CrlPtr crl;
  };

  TrustStore() = default;
  void read_folder(const std::string &folder);
  void read_file(const std::string &path, const std::string &domain);
  bool has_issuer(std::size_t index) const;
  bool is_namesake(std::size_t index, std::size_t other) const;
  void find_namesakes();
  void take(TrustObjects objects, const std::string &file, const std::string &domain);
  void find_problems();
  void build_sets();
  bool take_stamp(const std::string &path, Stamp &stamp) const;
  void add_problem(const char *code, const std::string &file, const std::string &text,
                   const std::string &remedy);
  std::string directory_;
  int fd_ = -1;
  std::vector<Stamp> stamps_;
  std::int64_t looked_at_ = 0;
  bool changed_ = false;
  std::vector<TrustEntry> entries_;
  std::vector<Owned> objects_; // one for each entry
  std::vector<ReportError> problems_;
  std::size_t files_ = 0;
  std::map<std::string, TrustSet> sets_;
  KnownChains known_chains_;
};

} // namespace smime

#endif
