#include "memory-file.h"

#include <CppUTest/TestHarness.h>
#include <algorithm>
#include <cerrno>
#include <string>
#include <unistd.h>

using namespace smime;

namespace {

std::string read_all(istream *input) {
  std::string text;
  const unsigned char *data;
  std::size_t size;
  while (i_stream_read_more(input, &data, &size) > 0) {
    text.append(reinterpret_cast<const char *>(data), size);
    i_stream_skip(input, size);
  }
  return text;
}

} // namespace

TEST_GROUP(MemoryFile){};

TEST(MemoryFile, HasTheBytesAndNoOthers) {
  for (std::size_t size : {1, 4095, 4096, 4097, 300000}) {
    std::string text;
    for (std::size_t at = 0; at < size; at++)
      text += static_cast<char>('a' + at % 23);
    auto file = MemoryFile::create();
    CHECK(file != nullptr);
    for (std::size_t at = 0; at < size; at += 1000)
      CHECK(file->append(reinterpret_cast<const unsigned char *>(text.data()) + at,
                         std::min<std::size_t>(1000, size - at)));
    CHECK(file->seal());
    istream *input = file->stream();
    CHECK(input != nullptr);
    POINTERS_EQUAL(input, file->stream());
    CHECK(text == read_all(input));
    i_stream_seek(input, 0);
    CHECK(text == read_all(input));
    // What the scanner has of it.
    std::string sent(size + 1, '\0');
    LONGS_EQUAL(size, read(file->fd(), sent.data(), sent.size()));
    CHECK(text == sent.substr(0, size));
    LONGS_EQUAL(-1, write(file->fd(), "x", 1));
    LONGS_EQUAL(EPERM, errno);
    LONGS_EQUAL(-1, ftruncate(file->fd(), 0));
  }
}

TEST(MemoryFile, Empty) {
  auto file = MemoryFile::create();
  CHECK(file->seal());
  CHECK(file->stream() == nullptr);
}
