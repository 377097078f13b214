#include "desk/worker/commands.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime::desk;

namespace {

const std::string id = "0123456789abcdef0123456789abcdef";
const Caller carla{"carla", Kind::reviewer, "192.0.2.1"};
const Caller anna{"anna", Kind::recipient, "192.0.2.2"};

void is(const char *expected, const Command &command) {
  std::string words = command.name;
  for (const std::string &word : command.words)
    words += "|" + word;
  STRCMP_EQUAL(expected, words.c_str());
}

std::string wrong(const RequestBody &body) {
  return wrong_request({1, "s", "", "192.0.2.1", body});
}

} // namespace

TEST_GROUP(DeskCommands){};

TEST(DeskCommands, AListIsTheCallers) {
  ListRequest request;
  request.filter.q = "--as=chief";
  request.filter.cls = "encrypted";
  is("smime quarantine list|--as=carla|--remote-ip=192.0.2.1|--state=held|--sort=-time|--limit=51|"
     "--after=2026 x y|--class=encrypted|--search=--as=chief",
     list_command(carla, request, "held", 51, "2026 x y"));
  is("smime quarantine list|-u|anna|--recipient|--remote-ip=192.0.2.2|--class=encrypted|"
     "--search=--as=chief",
     own_list_command(anna, request.filter));
}

TEST(DeskCommands, OfOneMessageWithItsUser) {
  ItemKey item{id, "--as"};
  is(("smime quarantine show|-u|--as|--as=carla|--remote-ip=192.0.2.1|" + id).c_str(),
     show_command(carla, item));
  is(("smime quarantine preview|-u|anna|--recipient|--remote-ip=192.0.2.2|" + id).c_str(),
     preview_command(anna, {id, "anna"}, false));
  CHECK_FALSE(preview_command(anna, {id, "anna"}, false).bytes);
  STRCMP_EQUAL("anna", preview_command(anna, {id, "anna"}, false).user.c_str());
  CHECK_TRUE(download_command(carla, item).bytes);
}

TEST(DeskCommands, ActsHaveWhatIsTheirs) {
  ActRequest request{Act::release, {}, "because", "text", "INBOX", "30d", false};
  is("smime quarantine release|-u|anna|--as=carla|--remote-ip=192.0.2.1|--reason=because|"
     "--mailbox=INBOX|x|y",
     act_command(carla, request, "anna", {"x", "y"}));
  request.act = Act::reject;
  is("smime quarantine reject|-u|anna|--as=carla|--remote-ip=192.0.2.1|--reason=text|x",
     act_command(carla, request, "anna", {"x"}));
  request.act = Act::hold;
  is("smime quarantine hold|-u|anna|--as=carla|--remote-ip=192.0.2.1|--reason=because|"
     "--until=30d|x",
     act_command(carla, request, "anna", {"x"}));
  request.act = Act::note;
  request.text = "two\nlines\n";
  is("smime quarantine note|-u|anna|--as=carla|--remote-ip=192.0.2.1|--reason=because|"
     "--text=two lines|x",
     act_command(carla, request, "anna", {"x"}));
}

TEST(DeskCommands, ATokenGoesByStandardInput) {
  Command command = token_act_command({"smime1.secret", Act::request, "please"}, {id, "anna"}, "");
  is(("smime quarantine request|-u|anna|--token=smime1.secret|--reason=please|" + id).c_str(),
     command);
  STRCMP_EQUAL("smime token check|--|-x",
               [] {
                 Command check = token_check_command("-x");
                 return check.name + "|" + check.words.at(0) + "|" + check.words.at(1);
               }()
                   .c_str());
}

TEST(DeskCommands, OneUserIsMeantAndNotMany) {
  for (const char *user : {"*", "an?a", "*@example.org"}) {
    STRCMP_EQUAL("user is one user's name", wrong(ShowRequest{{id, user}}).c_str());
    STRCMP_EQUAL(
        "user is one user's name",
        wrong(ActRequest{Act::release, {{id, "anna"}, {id, user}}, "", "", "", "", false}).c_str());
  }
  STRCMP_EQUAL("", wrong(ShowRequest{{id, "anna"}}).c_str());
}

TEST(DeskCommands, WhatNoCommandTakesIsRefusedBefore) {
  ListRequest list;
  list.sort = "-from";
  STRCMP_EQUAL("nothing is sorted by \"-from\"", wrong(list).c_str());
  list.sort = "";
  list.filter.state = "lost";
  STRCMP_EQUAL("there is no state \"lost\"", wrong(list).c_str());
  ActRequest act{Act::note, {{id, "anna"}}, "", " \n", "", "", false};
  STRCMP_EQUAL("a note wants a text", wrong(act).c_str());
  act.act = Act::hold;
  STRCMP_EQUAL("it is not said until when", wrong(act).c_str());
  act.act = Act::reject;
  act.text = std::string(501, 'x');
  STRCMP_EQUAL("the text has more than 500 bytes", wrong(act).c_str());
}
