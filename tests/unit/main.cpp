#include "scanner/base/dovecot-lib.h"
#include "tests/unit/test-tools.h"

#include <CppUTest/CommandLineTestRunner.h>
#include <CppUTest/MemoryLeakWarningPlugin.h>

namespace smime {

const Tools &test_tools() {
  static std::string error;
  static const auto detector = Detector::create(error);
  static const Tools tools{detector.get(), nullptr, nullptr};
  return tools;
}

} // namespace smime

namespace {

// Leaks are the address sanitizer's to find; CppUTest's own bookkeeping takes minutes where a
// parser allocates much. It would also keep track of what libraries allocate when they are loaded,
// and read that after it was freed behind its back: so it is turned off before they are.
void turn_off_bookkeeping() { MemoryLeakWarningPlugin::turnOffNewDeleteOverloads(); }

[[gnu::section(".preinit_array"),
  gnu::used]] void (*const before_libraries)() = turn_off_bookkeeping;

} // namespace

int main(int argc, char **argv) {
  lib_init();
  int failed = CommandLineTestRunner::RunAllTests(argc, argv);
  lib_deinit();
  return failed;
}
