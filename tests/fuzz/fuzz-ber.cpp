// One element of BER, wherever the bytes at hand end: nothing behind them is read. ASan
// does not see what OpenSSL reads, so a page that nobody may read stands there.
#include "scanner/cms/ber.h"
#include "fuzz.h"

#include <algorithm>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <sys/mman.h>

using namespace smime;

int LLVMFuzzerInitialize(int *, char ***) { return 0; }

namespace {

// A copy whose end is the end of the memory that may be read.
class AtTheEdge {
public:
  AtTheEdge() {
    void *memory =
        mmap(nullptr, room + guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FUZZ_CHECK(memory != MAP_FAILED);
    start_ = static_cast<unsigned char *>(memory);
    FUZZ_CHECK(mprotect(start_ + room, guard, PROT_NONE) == 0);
  }
  Bytes place(Bytes bytes) {
    FUZZ_CHECK(bytes.size() <= room);
    unsigned char *at = start_ + room - bytes.size();
    std::copy(bytes.begin(), bytes.end(), at);
    return {at, bytes.size()};
  }

private:
  static constexpr std::size_t room = 65536;
  static constexpr std::size_t guard = 65536;
  unsigned char *start_ = nullptr;
};

// Never unmapped: the process is the target's.
AtTheEdge &edge() {
  static AtTheEdge one;
  return one;
}

void check_header(Bytes bytes) {
  Bytes copy = edge().place(bytes);
  auto element = read_element(copy);
  if (!element)
    return;
  FUZZ_CHECK(element->header_size >= 2 && element->header_size <= bytes.size());
  FUZZ_CHECK(element->content.data() == copy.data() + element->header_size);
  FUZZ_CHECK(element->content.size() == bytes.size() - element->header_size);
  FUZZ_CHECK(!element->indefinite || element->constructed);
  // The same in OpenSSL's own words, which want a byte behind a length of several bytes.
  if (element->indefinite || element->length >= element->content.size())
    return;
  const unsigned char *at = copy.data();
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  int flags = ASN1_get_object(&at, &length, &tag, &tag_class, static_cast<long>(bytes.size()));
  ERR_clear_error();
  FUZZ_CHECK((flags & 0x80) == 0 && element->is(tag, tag_class));
  FUZZ_CHECK(element->length == static_cast<std::size_t>(length));
}

void check_size(Bytes bytes) {
  auto size = element_size(edge().place(bytes));
  if (!size)
    return;
  FUZZ_CHECK(*size >= 2 && *size <= bytes.size());
  // What is behind an element makes no difference, and without its last byte it is none.
  FUZZ_CHECK(element_size(bytes.first(*size)) == size);
  FUZZ_CHECK(!element_size(bytes.first(*size - 1)));
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  Bytes bytes(data, size);
  check_header(bytes);
  check_size(bytes);
  auto whole = read_element(bytes);
  for (std::size_t end = 0; end < std::min<std::size_t>(size, 160); end++) {
    Bytes cut = edge().place(bytes.first(end));
    auto element = read_element(cut);
    // A header is the same as soon as it is there.
    FUZZ_CHECK(!element || (whole && element->header_size == whole->header_size &&
                            element->length == whole->length));
    (void)is_partial_header(cut);
  }
  return 0;
}
