#include "plugin/operator/sieve-targets.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(SieveTargets){void expect(const char *script, const char *wanted){std::string found;
for (const std::string &target : sieve_targets(script))
  found += "[" + target + "]";
STRCMP_EQUAL_TEXT(wanted, found.c_str(), script);
}
}
;

TEST(SieveTargets, Scripts) {
  expect("", "");
  expect("keep;", "");
  expect("require \"fileinto\"; fileinto \"A\";", "[A]");
  expect("FileInto :create \"A/B\"; fileinto :flags \"\\\\Seen\" \"C\";", "[A/B][C]");
  expect("if header :is \"x\" \"y\" { fileinto \"A\"; } else { fileinto \"A\"; }", "[A]");
  expect("# fileinto \"No\";\n/* fileinto \"No\"; */ fileinto \"Yes\";", "[Yes]");
  expect("addheader \"x\" \"fileinto\"; keep;", "");
  expect("fileinto \"${box}\"; fileinto \"a\\\"b\\\\c\";", "[a\"b\\c]");
  expect("vacation text:\nfileinto \"No\";\n..\n.\n; fileinto \"Yes\";", "[Yes]");
  expect("fileinto \"Sp\xc3\xa4ter\";", "[Sp\xc3\xa4ter]");
  expect("fileinto \"unfinished", "");
  expect("fileinto :copy \"A\"", "");
  expect("fileinto text:\n", "");
}

TEST(SieveTargets, ActionsThatSend) {
  const std::pair<const char *, const char *> cases[] = {
      {"", ""},
      {"keep; discard; fileinto \"redirect\";", ""},
      {"require [\"vacation\", \"enotify\"]; # redirect \"a@b\";\nkeep;", ""},
      {"/* vacation \"x\"; */ set \"a\" \"notify\"; addheader \"pipe\" \"x\";", ""},
      {"vacation text:\nredirect \"a@b\";\n.\n;", "[vacation]"},
      {"redirect :notify \"NEVER\" \"a@b\";", "[redirect]"},
      {"if true { Redirect :copy \"a@b\"; }", "[redirect]"},
      {"VACATION \"x\"; notify \"mailto:a@b\"; redirect \"a@b\"; redirect \"c@d\";",
       "[redirect][vacation][notify]"},
      {"if execute \"p\" { pipe \"q\"; }", "[pipe][execute]"},
      {"report \"abuse\" \"x\" \"a@b\";", "[report]"},
      {"redirect", "[redirect]"},
      {"my_redirect; redirect2;", ""},
  };
  for (const auto &[script, wanted] : cases) {
    std::string found;
    for (const std::string &action : sieve_sending_actions(script))
      found += "[" + action + "]";
    STRCMP_EQUAL_TEXT(wanted, found.c_str(), script);
  }
}

TEST(SieveTargets, TheActiveScript) {
  const char *home = "/home/a";
  STRCMP_EQUAL("/home/a/.dovecot.sieve",
               active_sieve_file("file:~/sieve;active=~/.dovecot.sieve", home).c_str());
  STRCMP_EQUAL("/x.sieve",
               active_sieve_file("file:~/sieve;active=/x.sieve;bindir=/b", home).c_str());
  STRCMP_EQUAL("/home/a/.dovecot.sieve", active_sieve_file("file:~/sieve", home).c_str());
  STRCMP_EQUAL("/etc/all.sieve", active_sieve_file("/etc/all.sieve", home).c_str());
  STRCMP_EQUAL("/home/a/x", active_sieve_file("~/x", home).c_str());
  STRCMP_EQUAL("", active_sieve_file("~/x", "").c_str());
  STRCMP_EQUAL("", active_sieve_file("dict:file:/x", home).c_str());
}
