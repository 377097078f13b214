#include "scanner/verify/trust-store.h"

#include "common/ascii.h"
#include "scanner/base/scan-limits.h"
#include "scanner/x509/certificates.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <new>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace smime {
namespace {

std::int64_t now_seconds() { return std::time(nullptr); }

std::int64_t monotonic_seconds() {
  timespec time{};
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

// Names in a folder of the store, in order; hidden ones are not of it.
std::optional<std::set<std::string>> list_folder(int directory, const std::string &folder) {
  int fd =
      openat(directory, folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *open = fd < 0 ? nullptr : fdopendir(fd);
  if (open == nullptr) {
    if (fd >= 0)
      (void)close(fd);
    return std::nullopt;
  }
  std::set<std::string> names;
  while (const dirent *entry = readdir(open)) {
    if (entry->d_name[0] != '.' && names.size() <= max_trust_files)
      names.insert(entry->d_name);
  }
  (void)closedir(open);
  return names;
}

// Returns false with error set. Waits for nothing, whatever the file is.
bool read_whole(int directory, const std::string &file, std::vector<unsigned char> &bytes,
                std::string &error) {
  int fd = openat(directory, file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info {};
  if (fd < 0 || fstat(fd, &info) < 0) {
    error = std::strerror(errno);
    if (fd >= 0)
      (void)close(fd);
    return false;
  }
  bool ok = S_ISREG(info.st_mode);
  if (!ok)
    error = "is no file";
  std::array<unsigned char, 65536> buffer;
  ssize_t size = 0;
  while (ok && (size = read(fd, buffer.data(), buffer.size())) > 0) {
    bytes.insert(bytes.end(), buffer.data(), buffer.data() + size);
    ok = bytes.size() <= max_trust_file_size;
    if (!ok)
      error = "is larger than " + std::to_string(max_trust_file_size) + " bytes";
  }
  if (size < 0) {
    ok = false;
    error = std::strerror(errno);
  }
  (void)close(fd);
  return ok;
}

bool is_same_name(const X509_NAME *a, const X509_NAME *b) { return X509_NAME_cmp(a, b) == 0; }

// Whether the certificate's own key made its signature; the names alone can lie.
bool is_self_signed(X509 *certificate) { return X509_self_signed(certificate, 1) == 1; }

void judge_validity(TrustEntry &entry, std::int64_t now) {
  if (now > entry.not_after)
    entry.problems.push_back({"certificate-expired", entry.file,
                              entry.subject + " expired on " + time_text(entry.not_after) + ".",
                              "Get its successor from the CA and put it into trust_dir."});
  if (now < entry.not_before)
    entry.problems.push_back(
        {"certificate-not-yet-valid", entry.file,
         entry.subject + " is valid from " + time_text(entry.not_before) + " on.",
         "Check this machine's clock."});
}

} // namespace

std::string_view name_of(TrustKind kind) {
  switch (kind) {
  case TrustKind::anchor: return "anchor";
  case TrustKind::intermediate: return "intermediate";
  case TrustKind::crl: return "crl";
  case TrustKind::other: return "other";
  }
  return "other";
}

TrustEntry describe(X509 *certificate, std::int64_t now) {
  TrustEntry entry;
  entry.subject = name_text(X509_get_subject_name(certificate));
  entry.issuer = name_text(X509_get_issuer_name(certificate));
  entry.serial = hex_text(X509_get0_serialNumber(certificate));
  entry.aki = hex_text(X509_get0_authority_key_id(certificate));
  entry.ski = hex_text(X509_get0_subject_key_id(certificate));
  entry.sha256 = fingerprint(certificate);
  entry.not_before = seconds_of(X509_get0_notBefore(certificate));
  entry.not_after = seconds_of(X509_get0_notAfter(certificate));
  bool is_ca = X509_check_ca(certificate) != 0;
  bool self_signed = is_self_signed(certificate);
  ERR_clear_error();
  entry.kind = !is_ca        ? TrustKind::other
               : self_signed ? TrustKind::anchor
                             : TrustKind::intermediate;
  // Those that sign CRLs for a CA are none themselves.
  bool signs_crls = (X509_get_extension_flags(certificate) & EXFLAG_KUSAGE) != 0 &&
                    (X509_get_key_usage(certificate) & KU_CRL_SIGN) != 0;
  if (!is_ca && !signs_crls)
    entry.problems.push_back({"not-a-ca", "",
                              entry.subject + " is no CA: it signs for nobody but itself.",
                              "Take it out, and put the certificates of its CA in."});
  judge_validity(entry, now);
  // Nobody checks the signature of an anchor.
  std::string weakness = key_weakness(certificate);
  if (weakness.empty() && !self_signed)
    weakness = signature_weakness(certificate);
  if (!weakness.empty())
    entry.problems.push_back({"weak-algorithm", "", "Weak by RFC 8550: " + weakness + ".",
                              "Ask the CA for a newer certificate."});
  return entry;
}

TrustEntry describe(X509_CRL *crl, std::int64_t now) {
  TrustEntry entry;
  entry.kind = TrustKind::crl;
  entry.issuer = name_text(X509_CRL_get_issuer(crl));
  std::unique_ptr<ASN1_INTEGER, OpensslFree<ASN1_INTEGER_free>> number(
      static_cast<ASN1_INTEGER *>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)));
  entry.serial = hex_text(number.get());
  std::unique_ptr<AUTHORITY_KEYID, OpensslFree<AUTHORITY_KEYID_free>> key(
      static_cast<AUTHORITY_KEYID *>(
          X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, nullptr, nullptr)));
  entry.aki = key == nullptr ? "" : hex_text(key->keyid);
  entry.sha256 = fingerprint(crl);
  entry.not_before = seconds_of(X509_CRL_get0_lastUpdate(crl));
  entry.not_after = seconds_of(X509_CRL_get0_nextUpdate(crl));
  ERR_clear_error();
  if (entry.not_after != 0 && now > entry.not_after)
    entry.problems.push_back({"crl-stale", "",
                              "The CRL of " + entry.issuer + " should have been replaced by " +
                                  time_text(entry.not_after) + ".",
                              "Get the newer one from the CA and put it into trust_dir."});
  std::string weakness = signature_weakness(crl);
  if (!weakness.empty())
    entry.problems.push_back({"weak-algorithm", "", "Weak by RFC 8550: " + weakness + ".",
                              "Ask the CA for CRLs with a newer algorithm."});
  return entry;
}

TrustStore::~TrustStore() {
  if (fd_ >= 0)
    (void)close(fd_);
}

std::unique_ptr<TrustStore> TrustStore::open(const std::string &directory, std::string &error) {
  std::unique_ptr<TrustStore> store(new TrustStore);
  store->directory_ = directory;
  store->fd_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  auto names = store->fd_ < 0 ? std::nullopt : list_folder(store->fd_, "");
  if (!names) {
    error = "trust_dir: " + directory + ": " + std::strerror(errno);
    return nullptr;
  }
  store->read_folder("");
  store->find_problems();
  store->build_sets();
  store->looked_at_ = monotonic_seconds();
  ERR_clear_error();
  return store;
}

void TrustStore::add_problem(const char *code, const std::string &file, const std::string &text,
                             const std::string &remedy) {
  if (problems_.size() < Report::max_list)
    problems_.push_back({code, file, text, remedy});
}

bool TrustStore::take_stamp(const std::string &path, Stamp &stamp) const {
  struct stat info {};
  if (fstatat(fd_, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0)
    return false;
  stamp = {path, info.st_ino, info.st_size, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
  return true;
}

// folder is "" or the name of a domain's folder.
void TrustStore::read_folder(const std::string &folder) {
  Stamp stamp;
  // Before the names are read: what comes in between is a change.
  if (take_stamp(folder.empty() ? "." : folder, stamp))
    stamps_.push_back(stamp);
  auto names = list_folder(fd_, folder);
  if (!names) {
    add_problem("trust-file-unreadable", folder,
                "The folder cannot be read: " + std::string(std::strerror(errno)) + ".",
                "Let the user that smime-scanner runs as read it.");
    return;
  }
  std::size_t domains = 0;
  for (const std::string &name : *names) {
    struct stat info {};
    std::string path = folder.empty() ? name : folder + "/" + name;
    bool is_folder = fstatat(fd_, path.c_str(), &info, 0) == 0 && S_ISDIR(info.st_mode);
    if (is_folder && folder.empty() && ++domains <= max_trust_domains) {
      read_folder(name);
    } else if (is_folder || files_ >= max_trust_files) {
      add_problem("trust-limit", path,
                  "It is not read: folders in folders, more than " +
                      std::to_string(max_trust_domains) + " folders or more than " +
                      std::to_string(max_trust_files) + " files.",
                  "Put several certificates into one file.");
    } else {
      files_++;
      read_file(path, lower(folder));
    }
  }
}

void TrustStore::read_file(const std::string &path, const std::string &domain) {
  Stamp stamp;
  if (take_stamp(path, stamp))
    stamps_.push_back(stamp);
  std::vector<unsigned char> bytes;
  std::string error;
  if (!read_whole(fd_, path, bytes, error)) {
    add_problem("trust-file-unreadable", path,
                "The file " + path + " cannot be read: " + error + ".",
                "Let the user that smime-scanner runs as read it, or take it out.");
    return;
  }
  TrustObjects objects;
  if (!parse_trust_file(bytes, objects, error))
    add_problem("trust-file-invalid", path,
                "The file " + path + " is not used in whole: " + error + ".",
                "Replace it by PEM, DER or a PKCS #7 bundle, or take it out.");
  take(std::move(objects), path, domain);
}

void TrustStore::take(TrustObjects objects, const std::string &file, const std::string &domain) {
  std::int64_t now = now_seconds();
  auto add = [&](TrustEntry entry, Owned owned) {
    entry.file = file;
    entry.domain = domain;
    for (ReportError &problem : entry.problems)
      problem.path = file;
    entries_.push_back(std::move(entry));
    objects_.push_back(std::move(owned));
  };
  for (CertificatePtr &certificate : objects.certificates) {
    TrustEntry entry = describe(certificate.get(), now);
    add(std::move(entry), {std::move(certificate), nullptr});
  }
  for (CrlPtr &crl : objects.crls) {
    TrustEntry entry = describe(crl.get(), now);
    add(std::move(entry), {nullptr, std::move(crl)});
  }
}

std::size_t TrustStore::anchor_count() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [](const TrustEntry &entry) { return entry.kind == TrustKind::anchor; }));
}

// Whether what is in the store made the signature of entry index.
bool TrustStore::has_issuer(std::size_t index) const {
  const Owned &object = objects_[index];
  for (const Owned &other : objects_) {
    if (other.certificate == nullptr || other.certificate == object.certificate)
      continue;
    X509 *ca = other.certificate.get();
    if (object.crl == nullptr) {
      if (X509_check_issued(ca, object.certificate.get()) == X509_V_OK)
        return true;
    } else if (is_same_name(X509_get_subject_name(ca), X509_CRL_get_issuer(object.crl.get())) &&
               X509_CRL_verify(object.crl.get(), X509_get0_pubkey(ca)) == 1) {
      return true;
    }
  }
  return false;
}

void TrustStore::find_problems() {
  for (std::size_t i = 0; i < entries_.size(); i++) {
    TrustEntry &entry = entries_[i];
    bool wants_issuer = entry.kind == TrustKind::intermediate || entry.kind == TrustKind::crl;
    if (!wants_issuer || has_issuer(i))
      continue;
    std::string key = entry.aki.empty() ? "" : " (key identifier " + entry.aki + ")";
    if (entry.kind == TrustKind::crl)
      entry.problems.push_back(
          {"crl-wrong-issuer", entry.file,
           "No CA in the store has issued this CRL of " + entry.issuer + key + ".",
           "Put the certificate of " + entry.issuer + key + " into trust_dir."});
    else
      entry.problems.push_back(
          {"issuer-missing", entry.file,
           "The issuer of " + entry.subject + " is not in the store: " + entry.issuer + key + ".",
           "Put the certificate of " + entry.issuer + key + " into trust_dir."});
  }
  find_namesakes();
  ERR_clear_error();
}

// Two CAs of one name, with keys of their own, that count for the same senders.
bool TrustStore::is_namesake(std::size_t index, std::size_t other) const {
  const std::string &domain = entries_[index].domain;
  const std::string &other_domain = entries_[other].domain;
  if (index == other || (domain != other_domain && !domain.empty() && !other_domain.empty()))
    return false;
  X509 *one = objects_[index].certificate.get();
  X509 *two = objects_[other].certificate.get();
  return is_same_name(X509_get_subject_name(one), X509_get_subject_name(two)) &&
         EVP_PKEY_eq(X509_get0_pubkey(one), X509_get0_pubkey(two)) != 1;
}

// Each of them is tried for what that name issued; who looks at the store has to know that there
// are two.
void TrustStore::find_namesakes() {
  std::map<std::string, std::vector<std::size_t>> by_name;
  for (std::size_t i = 0; i < entries_.size(); i++) {
    TrustKind kind = entries_[i].kind;
    if ((kind == TrustKind::anchor || kind == TrustKind::intermediate) &&
        !entries_[i].subject.empty())
      by_name[entries_[i].subject].push_back(i);
  }
  for (const auto &[name, namesakes] : by_name) {
    for (std::size_t index : namesakes) {
      auto other = std::find_if(namesakes.begin(), namesakes.end(), [&](std::size_t candidate) {
        return is_namesake(index, candidate);
      });
      if (other == namesakes.end())
        continue;
      entries_[index].problems.push_back(
          {"namesake", entries_[index].file,
           "Another CA is called " + name + " too and has another key: " + entries_[*other].file +
               ", SHA-256 " + entries_[*other].sha256 + ".",
           "Nothing, if you trust both. CRLs of the two that name no key take each other's place "
           "when they are imported: copy them into trust_dir yourself."});
    }
  }
}

void TrustStore::build_sets() {
  std::set<std::string> domains{""};
  for (const TrustEntry &entry : entries_)
    domains.insert(entry.domain);
  for (const std::string &domain : domains) {
    TrustSet set{StorePtr(X509_STORE_new()),
                 CertificateStackPtr(sk_X509_new_null()),
                 CrlStackPtr(sk_X509_CRL_new_null()),
                 {}};
    if (set.anchors == nullptr || set.intermediates == nullptr || set.crls == nullptr)
      throw std::bad_alloc();
    for (std::size_t i = 0; i < entries_.size(); i++) {
      if (!entries_[i].domain.empty() && entries_[i].domain != domain)
        continue;
      set.times.push_back(entries_[i].not_before);
      set.times.push_back(entries_[i].not_after);
      X509 *certificate = objects_[i].certificate.get();
      X509_CRL *crl = objects_[i].crl.get();
      if (entries_[i].kind == TrustKind::anchor)
        (void)X509_STORE_add_cert(set.anchors.get(), certificate);
      else if (certificate != nullptr && X509_up_ref(certificate) == 1)
        (void)sk_X509_push(set.intermediates.get(), certificate);
      else if (crl != nullptr && X509_CRL_up_ref(crl) == 1)
        (void)sk_X509_CRL_push(set.crls.get(), crl);
    }
    sets_.emplace(domain, std::move(set));
  }
}

const TrustSet &TrustStore::for_domain(const std::string &domain) const {
  auto found = sets_.find(domain);
  return found != sets_.end() ? found->second : sets_.at("");
}

bool TrustStore::changed() {
  std::int64_t now = monotonic_seconds();
  if (changed_ || now == looked_at_)
    return changed_;
  looked_at_ = now;
  Stamp stamp;
  for (const Stamp &old : stamps_)
    changed_ = changed_ || !take_stamp(old.path, stamp) || !(stamp == old);
  return changed_;
}

} // namespace smime
