#include "scanner/x509/certificate-cache.h"

#include <utility>

namespace smime {

CertificatePtr CertificateCache::get(Bytes der) {
  std::string key(reinterpret_cast<const char *>(der.data()), der.size());
  auto known = kept_.find(key);
  if (known != kept_.end())
    return X509_up_ref(known->second.get()) == 1 ? CertificatePtr(known->second.get()) : nullptr;
  const unsigned char *at = der.data();
  CertificatePtr read(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (read == nullptr || at != der.data() + der.size())
    return nullptr;
  if (der.size() > max_size || X509_up_ref(read.get()) != 1)
    return read;
  CertificatePtr kept(read.get());
  if (kept_.size() >= max_certificates || total_size_ + der.size() > max_total_size) {
    kept_.clear();
    total_size_ = 0;
  }
  total_size_ += der.size();
  kept_.emplace(std::move(key), std::move(kept));
  return read;
}

} // namespace smime
