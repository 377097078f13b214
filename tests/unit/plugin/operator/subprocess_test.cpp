#include "plugin/operator/subprocess.h"
#include "plugin/store/atomic-file.h"

#include <CppUTest/TestHarness.h>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace smime;

TEST_GROUP(Subprocess){};

TEST(Subprocess, WhatAProgramPrintsAndSays) {
  auto result = run_program({"/bin/sh", "-c", "cat; echo problem >&2; exit 3"}, "input", 30);
  LONGS_EQUAL(3, result.status);
  STRCMP_EQUAL("input", result.output.c_str());
  STRCMP_EQUAL("problem\n", result.errors.c_str());
}

TEST(Subprocess, MoreThanAPipeHoldsInBothDirections) {
  std::string input(3000000, 'x');
  auto result = run_program({"/bin/cat"}, input, 60);
  LONGS_EQUAL(0, result.status);
  CHECK(result.output == input);
}

TEST(Subprocess, InputThatNobodyReads) {
  LONGS_EQUAL(0, run_program({"/bin/true"}, std::string(3000000, 'x'), 60).status);
}

TEST(Subprocess, WhatFailsIsSaid) {
  auto result = run_program({"/nonexistent"}, "", 30);
  LONGS_EQUAL(-1, result.status);
  STRCMP_CONTAINS("/nonexistent", result.error.c_str());
  result = run_program({"/bin/sh", "-c", "kill -9 $$"}, "", 30);
  LONGS_EQUAL(-1, result.status);
  STRCMP_CONTAINS("signal 9", result.error.c_str());
  result = run_program({"/bin/sleep", "60"}, "", 1);
  LONGS_EQUAL(-1, result.status);
  STRCMP_CONTAINS("in time", result.error.c_str());
  result = run_program({"/usr/bin/yes"}, "", 60);
  STRCMP_CONTAINS("without end", result.error.c_str());
}

TEST(Subprocess, NoProgramTakesItselfForAService) {
  for (const char *name : {"SOCKET_COUNT", "SOCKET1_SETTINGS", "GENERATION", "SMIME_TEST_KEPT"})
    LONGS_EQUAL(0, setenv(name, "1", 1));
  auto result = run_program({"/usr/bin/env"}, "", 60);
  for (const char *name : {"SOCKET_COUNT", "SOCKET1_SETTINGS", "GENERATION", "SMIME_TEST_KEPT"})
    unsetenv(name);
  STRCMP_CONTAINS("SMIME_TEST_KEPT=1", result.output.c_str());
  CHECK(result.output.find("SOCKET") == std::string::npos);
  CHECK(result.output.find("GENERATION") == std::string::npos);
}

TEST(Subprocess, AProgramHasNoDescriptorOfOurs) {
  int fd = dup(STDERR_FILENO);
  LONGS_EQUAL(0, fcntl(fd, F_SETFD, 0));
  auto result =
      run_program({"/bin/sh", "-c", "test ! -e /proc/$$/fd/" + std::to_string(fd)}, "", 60);
  (void)close(fd);
  LONGS_EQUAL(0, result.status);
}

TEST(Subprocess, AFileIsThereAsAWholeOrNotAtAll) {
  char directory[] = "/tmp/smime-test-XXXXXX";
  CHECK(mkdtemp(directory) != nullptr);
  std::string error;
  std::string text;
  std::string path = std::string(directory) + "/a.pem";
  for (const char *content : {"first", "second, longer", "third"}) {
    CHECK_TEXT(write_file(directory, "a.pem", content, 0640, error), error.c_str());
    CHECK(read_file(path, 100, text, error));
    STRCMP_EQUAL(content, text.c_str());
  }
  struct stat status {};
  LONGS_EQUAL(0, stat(path.c_str(), &status));
  LONGS_EQUAL(0640, status.st_mode & 07777);
  CHECK_FALSE(read_file(path, 4, text, error));
  CHECK_FALSE(read_file(path + "x", 4, text, error));
  // A folder in the way: nothing is left beside it.
  std::string folder = std::string(directory) + "/folder";
  LONGS_EQUAL(0, mkdir(folder.c_str(), 0700));
  CHECK_FALSE(write_file(directory, "folder", "x", 0600, error));
  STRCMP_CONTAINS("folder", error.c_str());
  CHECK_FALSE(write_file("/nonexistent", "x", "x", 0600, error));
  LONGS_EQUAL(0, rmdir(folder.c_str()));
  LONGS_EQUAL(0, unlink(path.c_str()));
  LONGS_EQUAL(0, rmdir(directory));
}
