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

int main(int argc, char **argv) {
  // Leaks are the address sanitizer's to find; CppUTest's own bookkeeping takes
  // minutes where a parser allocates much.
  MemoryLeakWarningPlugin::turnOffNewDeleteOverloads();
  lib_init();
  int failed = CommandLineTestRunner::RunAllTests(argc, argv);
  lib_deinit();
  return failed;
}
