#include "dovecot-lib.h"

#include <CppUTest/CommandLineTestRunner.h>
#include <CppUTest/MemoryLeakWarningPlugin.h>

int main(int argc, char **argv) {
  // Leaks are the address sanitizer's to find; CppUTest's own bookkeeping takes
  // minutes where a parser allocates much.
  MemoryLeakWarningPlugin::turnOffNewDeleteOverloads();
  lib_init();
  int failed = CommandLineTestRunner::RunAllTests(argc, argv);
  lib_deinit();
  return failed;
}
