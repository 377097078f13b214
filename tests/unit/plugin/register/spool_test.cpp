#include "plugin/register/row.h"
#include "plugin/register/spool.h"

#include <CppUTest/TestHarness.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace smime;

TEST_GROUP(Spool) {
  std::string directory;
  std::string error;

  void setup() override {
    std::string path = "/tmp/smime-spool-XXXXXX";
    directory = std::string(mkdtemp(path.data())) + "/spool";
  }
  void teardown() override {
    std::filesystem::remove_all(std::filesystem::path(directory).parent_path());
  }

  std::size_t files() const {
    std::size_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(directory))
      count += entry.path().empty() ? 0 : 1;
    return count;
  }
};

TEST(Spool, WhatIsWrittenIsReadInItsOrder) {
  { Spool made(directory); }
  for (const char *text : {"one", "two", "three"})
    CHECK(write_to_spool(directory, text, error));
  Spool spool(directory);
  CHECK(spool.is_open());
  auto lines = spool.read(2);
  CHECK_EQUAL(2U, lines.size());
  CHECK_EQUAL("one", lines[0].text);
  CHECK_EQUAL("two", lines[1].text);
  CHECK(lines[0].owner == geteuid());
  CHECK(spool.remove(lines[0].name));
  spool.leave(lines[1].name);
  // Each is given once, so that none that stays holds up the others.
  auto rest = spool.read(5);
  CHECK_EQUAL(1U, rest.size());
  CHECK_EQUAL("three", rest[0].text);
  CHECK(spool.remove(rest[0].name));
  CHECK(spool.read(5).empty());
}

TEST(Spool, OthersMayWriteAndNothingElse) {
  Spool spool(directory);
  struct stat status {};
  CHECK_EQUAL(0, stat(directory.c_str(), &status));
  CHECK_EQUAL(01733U, status.st_mode & 07777U);
  CHECK(write_to_spool(directory, "x", error));
  for (const auto &entry : std::filesystem::directory_iterator(directory)) {
    CHECK_EQUAL(0, stat(entry.path().c_str(), &status));
    CHECK_EQUAL(0600U, status.st_mode & 07777U);
  }
}

TEST(Spool, OneEmptiesItAtATime) {
  Spool first(directory);
  Spool second(directory);
  CHECK(first.is_open());
  CHECK_FALSE(second.is_open());
  CHECK(second.is_busy());
}

TEST(Spool, WhatIsNoFileOfItsOwnHasAFault) {
  Spool spool(directory);
  CHECK(write_to_spool(directory, "x", error));
  std::string good = spool.read(1).front().name;
  CHECK_EQUAL(0, link((directory + "/" + good).c_str(), (directory + "/1.row").c_str()));
  CHECK_EQUAL(0, symlink("/etc/passwd", (directory + "/2.row").c_str()));
  CHECK_EQUAL(0, mkfifo((directory + "/3.row").c_str(), 0600));
  std::ofstream(directory + "/4.row") << std::string(max_row_line + 1, 'x');
  std::ofstream(directory + "/5.row") << "";
  std::ofstream(directory + "/6.new") << "half";
  auto lines = spool.read(100);
  CHECK_EQUAL(6U, lines.size());
  for (const auto &line : lines) {
    CHECK(!line.fault.empty());
    CHECK(line.text.empty());
  }
}

TEST(Spool, WhatIsSetAsideIsPassedOver) {
  Spool spool(directory);
  CHECK(write_to_spool(directory, "x", error));
  std::string aside;
  bool removed = true;
  CHECK(spool.set_aside(spool.read(1).front(), aside, removed));
  CHECK_FALSE(removed);
  CHECK(spool.read(5).empty());
  CHECK(std::filesystem::exists(aside));
}

TEST(Spool, OfOneOwnerSoManyAreKept) {
  constexpr uid_t neighbour = 65534;
  if (geteuid() != 0)
    return;
  Spool spool(directory);
  auto put = [&](const std::string &name, uid_t owner) {
    std::string path = directory + "/" + name;
    std::ofstream(path) << "x";
    CHECK_EQUAL(0, lchown(path.c_str(), owner, owner));
  };
  for (std::size_t i = 0; i < max_refused - 1; i++)
    put(std::to_string(i) + ".refused", neighbour);
  put("0.row", neighbour);
  put("1.row", neighbour);
  put("2.row", 0);
  std::filesystem::create_directory(directory + "/3.row");
  CHECK_EQUAL(0, lchown((directory + "/3.row").c_str(), neighbour, neighbour));
  auto lines = spool.read(5);
  CHECK_EQUAL(4U, lines.size());
  std::string aside;
  bool removed = true;
  CHECK(spool.set_aside(lines[0], aside, removed));
  CHECK_FALSE(removed);
  CHECK(spool.set_aside(lines[1], aside, removed));
  CHECK(removed);
  CHECK_FALSE(std::filesystem::exists(directory + "/1.row"));
  // Root's are rows, and a directory may have something in it.
  for (std::size_t i : {2, 3}) {
    CHECK(spool.set_aside(lines[i], aside, removed));
    CHECK_FALSE(removed);
    CHECK(std::filesystem::exists(aside));
  }
  CHECK(spool.read(5).empty());
}

TEST(Spool, WithoutADirectoryTheWriterIsTold) {
  CHECK_FALSE(write_to_spool(directory, "x", error));
  CHECK(error.find(directory) != std::string::npos);
}

TEST(Spool, AWriteThatFailsLeavesNothing) {
  Spool spool(directory);
  CHECK(write_to_spool(directory, "x", error));
  CHECK_EQUAL(1U, files());
}
