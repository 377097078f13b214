#include "scanner/verify/known-chains.h"

#include "scanner/x509/certificate-cache.h"
#include "scanner/x509/certificates.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace smime {
namespace {

bool is_same_list(const STACK_OF(X509) * a, const STACK_OF(X509) * b) {
  int count = std::max(0, sk_X509_num(a));
  if (count != std::max(0, sk_X509_num(b)))
    return false;
  for (int i = 0; i < count; i++) {
    if (sk_X509_value(a, i) != sk_X509_value(b, i))
      return false;
  }
  return true;
}

// Null if there is none, or no memory.
CertificateStackPtr shared(STACK_OF(X509) * list) {
  return CertificateStackPtr(list == nullptr ? sk_X509_new_null() : X509_chain_up_ref(list));
}

// The certificate's size in bytes. Of one that is not kept, or that cannot be encoded, more than
// there is room for, so that its chain is not kept either.
std::size_t size_of(X509 *certificate) {
  int size = i2d_X509(certificate, nullptr);
  // A larger one is another object in each message.
  return size < 0 || static_cast<std::size_t>(size) > CertificateCache::max_size
             ? KnownChains::max_size + 1
             : static_cast<std::size_t>(size);
}

void add_times(const X509 *certificate, std::vector<std::int64_t> &times) {
  times.push_back(seconds_of(X509_get0_notBefore(certificate)));
  times.push_back(seconds_of(X509_get0_notAfter(certificate)));
}

} // namespace

SamePeriod period_around(std::int64_t now, const std::vector<std::int64_t> &times) {
  SamePeriod period{std::numeric_limits<std::int64_t>::min(),
                    std::numeric_limits<std::int64_t>::max()};
  for (std::int64_t reached : times) {
    for (std::int64_t time : {reached, reached + 1}) {
      if (time <= now)
        period.from = std::max(period.from, time);
      else
        period.until = std::min(period.until, time);
    }
  }
  return period;
}

CertificateStackPtr KnownChains::find(const Question &question) const {
  for (const Known &known : kept_) {
    if (known.set == question.set && known.certificate.get() == question.certificate &&
        known.revocation == question.revocation && question.now >= known.period.from &&
        question.now < known.period.until && is_same_list(known.others.get(), question.others))
      return shared(known.chain.get());
  }
  return nullptr;
}

void KnownChains::keep(const Question &question, STACK_OF(X509) * chain,
                       std::vector<std::int64_t> times) {
  int count = std::max(0, sk_X509_num(question.others));
  if (count > max_certificates)
    return;
  std::size_t size = size_of(question.certificate);
  add_times(question.certificate, times);
  for (int i = 0; i < count; i++) {
    size += size_of(sk_X509_value(question.others, i));
    add_times(sk_X509_value(question.others, i), times);
  }
  if (size > max_size || X509_up_ref(question.certificate) != 1)
    return;
  Known known{question.set,        CertificatePtr(question.certificate), shared(question.others),
              question.revocation, period_around(question.now, times),   shared(chain)};
  if (known.others == nullptr || known.chain == nullptr)
    return;
  if (kept_.size() >= max_chains || total_size_ + size > max_total_size) {
    kept_.clear();
    total_size_ = 0;
  }
  total_size_ += size;
  kept_.push_back(std::move(known));
}

} // namespace smime
