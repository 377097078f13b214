#include "plugin/operator/desk-check.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(DeskCheck) {
  DeskFacts facts{"8443", true, "", true, true, "", false, 0, ""};

  std::string told() const {
    std::string text;
    for (const Finding &finding : check_desk(facts))
      text += std::string(name_of(finding.severity)) + ":" + finding.setting + " ";
    return text;
  }
};

TEST(DeskCheck, nothingIsSaidOfOneThatIsOff) {
  facts = {};
  STRCMP_EQUAL("", told().c_str());
  facts.port = "0";
  STRCMP_EQUAL("", told().c_str());
}

TEST(DeskCheck, whatWorks) { STRCMP_EQUAL("ok:service smime-desk ", told().c_str()); }

TEST(DeskCheck, withoutTlsItIsForThisMachine) {
  facts.has_tls = false;
  STRCMP_EQUAL("error:service smime-desk ", told().c_str());
  for (const char *address : {"192.0.2.1", "*", "::", "::10"}) {
    facts.address = address;
    STRCMP_EQUAL("error:service smime-desk ", told().c_str());
  }
  for (const char *address : {"127.0.0.1", "::1"}) {
    facts.address = address;
    STRCMP_EQUAL("ok:service smime-desk ", told().c_str());
  }
}

TEST(DeskCheck, whatItHasNothingToShowWithout) {
  facts.has_register = false;
  facts.has_reviewers = false;
  STRCMP_EQUAL("error:smime_register warning:smime_role ", told().c_str());
}

TEST(DeskCheck, whatNobodyCanLogInWith) {
  facts.socket = "/run/dovecot/smime-desk-doveadm";
  STRCMP_EQUAL("error:service doveadm ", told().c_str());
  facts.has_socket = true;
  facts.socket_mode = 0666;
  STRCMP_EQUAL("error:service doveadm ", told().c_str());
  facts.socket_mode = 0600;
  STRCMP_EQUAL("ok:service smime-desk ", told().c_str());
  facts.allowed_commands = "reload,smime quarantine list";
  STRCMP_EQUAL("error:doveadm_allowed_commands ", told().c_str());
  facts.allowed_commands = "smime quarantine rights,smime quarantine list";
  STRCMP_EQUAL("ok:service smime-desk ", told().c_str());
}
