#include "scanner/verify/absent-directory.h"

#include <CppUTest/TestHarness.h>
#include <cstdlib>
#include <filesystem>

using namespace smime;

TEST_GROUP(AbsentDirectory) {
  std::filesystem::path directory;
  void setup() override {
    std::string name = std::filesystem::temp_directory_path() / "smime-XXXXXX";
    directory = mkdtemp(name.data());
  }
  void teardown() override { std::filesystem::remove_all(directory); }
};

TEST(AbsentDirectory, WhatIsThereIsNotWatched) {
  CHECK(AbsentDirectory::watch(directory) == nullptr);
}

TEST(AbsentDirectory, ItComes) {
  for (const char *ending : {"", "/"}) {
    auto absent = AbsentDirectory::watch((directory / "trust").string() + ending);
    CHECK(absent != nullptr);
    CHECK(!absent->has_come());
    std::filesystem::create_directory(directory / "trust");
    CHECK(absent->has_come());
    std::filesystem::remove(directory / "trust");
  }
}

TEST(AbsentDirectory, NorIsTheOneAbove) {
  auto absent = AbsentDirectory::watch(directory / "none" / "trust");
  CHECK(absent != nullptr);
  CHECK(!absent->has_come());
}
