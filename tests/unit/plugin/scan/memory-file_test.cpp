#include "plugin/scan/memory-file.h"

#include <CppUTest/TestHarness.h>
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
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

TEST(MemoryFile, OneAfterAnother) {
  const std::size_t capacity = 10000;
  auto file = MemoryFile::create_reusable(capacity);
  CHECK(file != nullptr);
  POINTERS_EQUAL(file.get(), file->reusable());
  for (std::size_t size : {std::size_t{9000}, std::size_t{10}, capacity, std::size_t{1}}) {
    std::string text(size, static_cast<char>('a' + size % 23));
    auto bytes = reinterpret_cast<const unsigned char *>(text.data());
    CHECK(file->reserve(size));
    CHECK(file->append(bytes, size / 2));
    CHECK(file->append(bytes + size / 2, size - size / 2));
    CHECK(file->seal());
    // Nothing of a longer one before it.
    std::string all(capacity, 'x');
    LONGS_EQUAL(capacity, pread(file->fd(), all.data(), capacity, 0));
    CHECK(text + std::string(capacity - size, '\0') == all);
    CHECK(text == read_all(file->stream()));
    i_stream_seek(file->stream(), 0);
    CHECK(text == read_all(file->stream()));
    std::string sent(size, '\0');
    LONGS_EQUAL(size, read(file->fd(), sent.data(), sent.size()));
    CHECK(text == sent);
    file->clear();
  }
  CHECK(file->stream() == nullptr);
}

TEST(MemoryFile, NoMoreThanItsCapacity) {
  auto file = MemoryFile::create_reusable(4096);
  std::string text(4097, 'x');
  auto bytes = reinterpret_cast<const unsigned char *>(text.data());
  CHECK(!file->reserve(4097));
  CHECK(file->reserve(4096));
  CHECK(!file->append(bytes, 4097));
  CHECK(file->append(bytes, 4096));
  CHECK(!file->append(bytes, 1));
  LONGS_EQUAL(EFBIG, errno);
}

// Whoever has the descriptor: it is with a process that reads what strangers sent.
TEST(MemoryFile, OnlyItsMakerWrites) {
  auto file = MemoryFile::create_reusable(8192);
  CHECK(file->reserve(8192));
  LONGS_EQUAL(-1, write(file->fd(), "x", 1));
  LONGS_EQUAL(EPERM, errno);
  LONGS_EQUAL(-1, ftruncate(file->fd(), 0));
  LONGS_EQUAL(-1, ftruncate(file->fd(), 10000));
  LONGS_EQUAL(-1, fallocate(file->fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
  POINTERS_EQUAL(MAP_FAILED,
                 mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd(), 0));
  void *mapping = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file->fd(), 0);
  CHECK(mapping != MAP_FAILED);
  LONGS_EQUAL(-1, mprotect(mapping, 4096, PROT_READ | PROT_WRITE));
  (void)munmap(mapping, 4096);
}
