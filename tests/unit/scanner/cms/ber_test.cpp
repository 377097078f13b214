#include "scanner/cms/ber.h"

#include <initializer_list>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

// Bytes whose end is the end of the memory that may be read: what reads on faults.
class AtTheEdge {
public:
  AtTheEdge() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void *memory =
        mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    start_ = static_cast<unsigned char *>(memory);
    LONGS_EQUAL(0, mprotect(start_ + page_, page_, PROT_NONE));
  }
  ~AtTheEdge() { (void)munmap(start_, 2 * page_); }
  AtTheEdge(const AtTheEdge &) = delete;
  AtTheEdge &operator=(const AtTheEdge &) = delete;

  Bytes place(const std::string &text) {
    unsigned char *at = start_ + page_ - text.size();
    text.copy(reinterpret_cast<char *>(at), text.size());
    return {at, text.size()};
  }

private:
  std::size_t page_;
  unsigned char *start_ = nullptr;
};

std::vector<unsigned char> octets(std::initializer_list<unsigned char> list) { return list; }

std::string repeated(std::size_t count, int byte) {
  return std::string(count, static_cast<char>(byte));
}

// A SEQUENCE of three bytes, its tag and its length written as long as they may be.
std::string long_header(std::size_t tag_zeros, std::size_t length_zeros) {
  std::string tag = tag_zeros == 0 ? "\x30" : "\x3f" + repeated(tag_zeros, 0x80) + "\x10";
  if (length_zeros == 0)
    return tag + "\x03";
  return tag + repeated(1, static_cast<int>(0x81 + length_zeros)) + repeated(length_zeros, 0) +
         "\x03";
}

} // namespace

TEST_GROUP(Ber) { AtTheEdge edge; };

TEST(Ber, Elements) {
  auto element = octets({0x30, 0x03, 0x02, 0x01, 0x05, 0xff});
  auto read = read_element(element);
  CHECK(read && read->is(16) && read->constructed && read->length == 3 && read->header_size == 2);
  LONGS_EQUAL(5, element_size(element).value_or(0));
  CHECK(!element_size(octets({0x30, 0x04, 0x02, 0x01, 0x05})));
  CHECK(!read_element(octets({0x30})));
  CHECK(is_partial_header(octets({0x30, 0x84, 0x01})));
  CHECK(!is_partial_header(octets({0x30, 0x00})));
}

TEST(Ber, IndefiniteLengths) {
  auto nested = octets({0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07});
  LONGS_EQUAL(11, element_size(nested).value_or(0));
  nested.resize(10);
  CHECK(!element_size(nested));
  std::vector<unsigned char> deep;
  for (int i = 0; i < 100000; i++)
    deep.insert(deep.end(), {0x30, 0x80});
  CHECK(!element_size(deep));
}

TEST(Ber, LengthsThatNoMemoryHolds) {
  CHECK(!element_size(octets({0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})));
  CHECK(!element_size(octets({0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1})));
}

// Leading zeros make a header longer than any buffer that is made for one.
TEST(Ber, HeadersOfAnyLength) {
  for (std::size_t tag_zeros : {0, 1, 5, 30, 31, 32, 40, 200, 1000}) {
    for (std::size_t length_zeros : {0, 1, 7, 28, 29, 30, 31, 60, 120}) {
      std::string header = long_header(tag_zeros, length_zeros);
      auto element = read_element(edge.place(header + "abc"));
      CHECK(element.has_value());
      LONGS_EQUAL(16, element->tag);
      CHECK(element->constructed && !element->indefinite);
      LONGS_EQUAL(header.size(), element->header_size);
      LONGS_EQUAL(3, element->length);
      LONGS_EQUAL(3, element->content.size());
      LONGS_EQUAL(header.size() + 3, element_size(edge.place(header + "abc")).value_or(0));
    }
  }
}

// Nothing behind the bytes is read, wherever they end.
TEST(Ber, HeadersThatAreCut) {
  for (std::size_t tag_zeros : {0, 1, 29, 31, 60, 1000}) {
    for (std::size_t length_zeros : {0, 1, 30, 126 - 1}) {
      std::string header = long_header(tag_zeros, length_zeros);
      for (std::size_t size = 0; size < header.size(); size++)
        CHECK_FALSE(read_element(edge.place(header.substr(0, size))).has_value());
    }
  }
  for (std::size_t size : {1, 2, 31, 32, 33, 64, 4096}) {
    for (int byte : {0x80, 0xff})
      CHECK_FALSE(read_element(edge.place("\x3f" + repeated(size - 1, byte))).has_value());
  }
}

// A tag that is longer than OpenSSL counts.
TEST(Ber, TagsThatNothingHas) {
  CHECK_FALSE(read_element(edge.place("\x3f" + repeated(10, 0xff) + "\x01\x01x")).has_value());
}
