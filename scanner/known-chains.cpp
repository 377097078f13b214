#include "known-chains.h"

#include "certificates.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace smime {
namespace {

bool is_same_list(const STACK_OF(X509) *a, const STACK_OF(X509) *b) {
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
CertificateStackPtr shared(STACK_OF(X509) *list) {
  return CertificateStackPtr(list == nullptr ? sk_X509_new_null() : X509_chain_up_ref(list));
}

void add_times(const X509 *certificate, std::vector<std::int64_t> &times) {
  times.push_back(seconds_of(X509_get0_notBefore(certificate)));
  times.push_back(seconds_of(X509_get0_notAfter(certificate)));
}

} // namespace

SamePeriod period_around(std::int64_t now, const std::vector<std::int64_t> &times) {
  SamePeriod period{std::numeric_limits<std::int64_t>::min(),
                    std::numeric_limits<std::int64_t>::max()};
  for (std::int64_t time : times) {
    if (time <= now)
      period.from = std::max(period.from, time);
    else
      period.until = std::min(period.until, time);
  }
  return period;
}

CertificateStackPtr KnownChains::find(const Question &question) const {
  for (const Known &known : kept_) {
    if (known.certificate.get() == question.certificate &&
        known.revocation == question.revocation && question.now >= known.period.from &&
        question.now < known.period.until && is_same_list(known.others.get(), question.others))
      return shared(known.chain.get());
  }
  return nullptr;
}

void KnownChains::keep(const Question &question, STACK_OF(X509) *chain,
                       std::vector<std::int64_t> times) {
  int count = std::max(0, sk_X509_num(question.others));
  if (count > max_certificates)
    return;
  int size = std::max(0, i2d_X509(question.certificate, nullptr));
  add_times(question.certificate, times);
  for (int i = 0; i < count; i++) {
    X509 *other = sk_X509_value(question.others, i);
    size += std::clamp(i2d_X509(other, nullptr), 0, max_size);
    add_times(other, times);
  }
  if (size > max_size || X509_up_ref(question.certificate) != 1)
    return;
  Known known{CertificatePtr(question.certificate), shared(question.others), question.revocation,
              period_around(question.now, times), shared(chain)};
  if (known.others == nullptr || known.chain == nullptr)
    return;
  if (kept_.size() >= max_chains)
    kept_.clear();
  kept_.push_back(std::move(known));
}

} // namespace smime
