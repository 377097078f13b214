#include "plugin/scan/spool-file.h"

#include <CppUTest/TestHarness.h>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <linux/magic.h>
#include <string>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

using namespace smime;

TEST_GROUP(SpoolFile) {
  std::string directory;

  void setup() override {
    char name[] = "./spool-test-XXXXXX";
    CHECK(mkdtemp(name) != nullptr);
    directory = name;
  }
  void teardown() override { std::filesystem::remove_all(directory); }

  // Null where the file system that this runs on has no files without a name.
  std::unique_ptr<SpoolFile> create(std::uint64_t size) {
    auto file = SpoolFile::create(directory, size);
    struct statfs info;
    int fd = open(directory.c_str(), O_TMPFILE | O_RDWR, 0600);
    bool can = fd >= 0 && fstatfs(fd, &info) == 0 && info.f_type != TMPFS_MAGIC &&
               fallocate(fd, 0, 0, 1) == 0;
    if (fd >= 0)
      (void)close(fd);
    if (!can)
      UT_PRINT("no files without a name here: not tested");
    CHECK_EQUAL(can, file != nullptr);
    return file;
  }
};

TEST(SpoolFile, HasTheBytesAndNoName) {
  std::string text;
  for (std::size_t at = 0; at < 300000; at++)
    text += static_cast<char>('a' + at % 23);
  auto file = create(text.size());
  if (file == nullptr)
    return;
  for (std::size_t at = 0; at < text.size(); at += 1000)
    CHECK(file->append(reinterpret_cast<const unsigned char *>(text.data()) + at, 1000));
  CHECK(file->seal());
  CHECK(std::filesystem::is_empty(directory));
  // What the scanner has of it.
  std::string sent(text.size() + 1, '\0');
  LONGS_EQUAL(text.size(), read(file->fd(), sent.data(), sent.size()));
  CHECK(text == sent.substr(0, text.size()));
  struct stat info;
  LONGS_EQUAL(0, fstat(file->fd(), &info));
  LONGS_EQUAL(text.size(), info.st_size);
  LONGS_EQUAL(0, info.st_nlink);
  LONGS_EQUAL(0600, info.st_mode & 07777);
}

TEST(SpoolFile, OnlyItsMakerWrites) {
  auto file = create(10);
  if (file == nullptr)
    return;
  CHECK(file->append(reinterpret_cast<const unsigned char *>("message\n"), 8));
  CHECK(file->seal());
  LONGS_EQUAL(-1, write(file->fd(), "x", 1));
  LONGS_EQUAL(EBADF, errno);
  LONGS_EQUAL(-1, ftruncate(file->fd(), 0));
}

TEST(SpoolFile, NothingIsLeftForWhoKeepsTheDescriptor) {
  auto file = create(10);
  if (file == nullptr)
    return;
  CHECK(file->append(reinterpret_cast<const unsigned char *>("message\n"), 8));
  CHECK(file->seal());
  int kept = dup(file->fd());
  file.reset();
  char byte;
  LONGS_EQUAL(0, pread(kept, &byte, 1, 0));
  struct stat info;
  LONGS_EQUAL(0, fstat(kept, &info));
  LONGS_EQUAL(0, info.st_blocks);
  (void)close(kept);
}

TEST(SpoolFile, NoneWhereThereIsNoRoom) {
  CHECK(SpoolFile::create(directory + "/missing", 10) == nullptr);
  CHECK(SpoolFile::create("/proc", 10) == nullptr);
  struct statfs info;
  if (statfs("/dev/shm", &info) == 0 && info.f_type == TMPFS_MAGIC)
    CHECK(SpoolFile::create("/dev/shm", 10) == nullptr);
  // More than any disk has.
  CHECK(SpoolFile::create(directory, 1ULL << 50) == nullptr);
  CHECK(std::filesystem::is_empty(directory));
}
