#include "desk/web/desk.h"

#include "desk/web/library.h"

#include "CppUTest/TestHarness.h"
#include <cstdlib>

using namespace smime::desk;
using smime::desk::Answers;

namespace {

const std::string id = "0123456789abcdef0123456789abcdef";
const std::string hostile =
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b\xe2\x80\xae";

std::string texts_directory() {
  const char *data = std::getenv("SMIME_TEST_DATA");
  return std::string(data == nullptr ? "../tests/data" : data) + "/../../desk/texts";
}

std::size_t count_of(const std::string &text, const std::string &word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    count++;
  return count;
}

std::string header(const HttpReply &reply, const std::string &name) {
  std::string all;
  for (const auto &[key, value] : reply.headers) {
    if (key == name)
      all += value + "\n";
  }
  return all;
}

Item hostile_item() {
  Item item;
  item.id = id;
  item.user = hostile;
  item.time = "2026-11-30T16:20:35Z";
  item.state = "requested";
  for (std::string Item::*member :
       {&Item::from, &Item::to, &Item::subject, &Item::reason, &Item::rule, &Item::until,
        &Item::then, &Item::requested_by, &Item::requested_at, &Item::who, &Item::when, &Item::why,
        &Item::mailbox})
    item.*member = hostile;
  item.classes = {hostile};
  return item;
}

} // namespace

TEST_GROUP(DeskDecide) {
  HttpRequest request;
  DeskConfig config;
  Answers answers;

  void setup() override {
    request.method = "GET";
    request.host = "desk.example.org";
    request.secure = true;
    request.now = 1796055635;
    request.nonce = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    request.cookie = "__Host-smime-desk=SESSION";
    answers["whoami"] =
        Identity{"", "TOKEN", "carol", Kind::reviewer, {"list", "show", "release", "delete"}};
  }

  Decision decide(const std::string &target) {
    std::string error;
    auto library = read_library(texts_directory(), error);
    CHECK_TEXT(library.has_value(), error.c_str());
    request.path = target.substr(0, target.find('?'));
    request.query =
        target.find('?') == std::string::npos ? "" : target.substr(target.find('?') + 1);
    return Desk(config, std::move(*library)).decide(request, answers);
  }

  Decision post(const std::string &target, const std::string &form) {
    request.method = "POST";
    request.content_type = "application/x-www-form-urlencoded";
    request.body = form;
    return decide(target);
  }

  void check_harmless(const std::string &page) {
    CHECK_EQUAL(1U, count_of(page, "<script"));
    CHECK_EQUAL(0U, count_of(page, "<img src=x"));
    CHECK_EQUAL(0U, count_of(page, "\x1b"));
    CHECK_EQUAL(0U, count_of(page, "\xe2\x80\xae"));
  }
};

TEST(DeskDecide, AsksWhoItIs) {
  answers.clear();
  Decision decision = decide("/held?q=x&state=held&age=7d");
  CHECK_EQUAL(1U, decision.asks.size());
  STRCMP_EQUAL("SESSION", decision.asks[0].request.session.c_str());
  CHECK(std::holds_alternative<WhoamiRequest>(decision.asks[0].request.body));
  answers["whoami"] = Identity{"", "TOKEN", "carol", Kind::reviewer, {}};
  decision = decide("/held?q=x&state=held&age=7d");
  const auto &list = std::get<ListRequest>(decision.asks.at(0).request.body);
  STRCMP_EQUAL("x", list.filter.q.c_str());
  STRCMP_EQUAL("held", list.filter.state.c_str());
  STRCMP_EQUAL("7d", list.filter.older_than.c_str());
}

TEST(DeskDecide, NobodySeesNothing) {
  request.cookie = "";
  for (const char *path : {"/", "/held", "/mine", "/overview"}) {
    Decision decision = decide(path);
    CHECK_EQUAL(303U, decision.reply.status);
    CHECK(decision.asks.empty());
    STRCMP_EQUAL("/login\n", header(decision.reply, "Location").c_str());
  }
  CHECK_EQUAL(401U, decide("/api/v1/held").reply.status);
  CHECK_EQUAL(200U, decide("/api/v1/openapi.json").reply.status);
  CHECK_EQUAL(200U, decide("/static/desk.css").reply.status);
}

TEST(DeskDecide, AnEndedSessionLogsInAgain) {
  answers["whoami"] = Failure{ErrorCode::session, ""};
  Decision decision = decide("/held");
  CHECK_EQUAL(303U, decision.reply.status);
  CHECK(header(decision.reply, "Set-Cookie").find("Max-Age=0") != std::string::npos);
}

TEST(DeskDecide, ListsWithoutHarm) {
  ListAnswer list{{hostile_item()}, hostile, 3};
  answers["list"] = list;
  Decision decision = decide("/held?q=%3Cscript%3E&after=x");
  CHECK_EQUAL(200U, decision.reply.status);
  const std::string &page = decision.reply.body;
  check_harmless(page);
  CHECK(page.find("3 requests wait") != std::string::npos);
  CHECK(page.find("data-id=\"" + id) != std::string::npos);
  CHECK(page.find("&lt;script&gt;alert(1)") != std::string::npos);
  CHECK(page.find("\\x1b\\xe2\\x80\\xae") != std::string::npos);
  CHECK(page.find("value=\"release\"") != std::string::npos);
  CHECK(page.find("value=\"reject\"") == std::string::npos);
  CHECK(page.find("value=\"TOKEN\"") != std::string::npos);
}

TEST(DeskDecide, AnEmptyListSaysWhatItMeans) {
  answers["list"] = ListAnswer{};
  CHECK(decide("/held").reply.body.find("Nothing waits") != std::string::npos);
  CHECK(decide("/held?q=x").reply.body.find("Nothing fits") != std::string::npos);
}

TEST(DeskDecide, ShowsAMessageWithoutHarm) {
  ShowAnswer show;
  show.record = hostile_item();
  show.report = nlohmann::json::parse(
      R"({"class":["encrypted"],"size":5,"layers":[],"signature":{"status":"signed/failed",
      "strength":"weak","signers":[],"errors":[{"code":"x","text":"<script>y","remedy":"do <b>"}]},
      "encryption":{"content":"","strength":"weak","recipients":[]},
      "uninspectable":[{"path":"1","reason":"smime-encrypted","type":"","name":"<script>n"}],
      "scan":{"verdict":"uninspectable","engine":"","name":""},"protected":[],"errors":[]})");
  show.history = {{hostile, hostile, hostile, hostile}};
  show.notes = {{hostile, hostile, hostile}};
  show.acts = {"show", "release", "download"};
  PartsAnswer parts;
  parts.headers = {{hostile, hostile}};
  parts.parts = {
      {hostile, hostile, hostile, 5, hostile, hostile, hostile + "\n\ttwo", true, hostile}};
  answers["show"] = show;
  answers["parts"] = parts;
  Decision decision = decide("/held/" + id + "?user=alice");
  CHECK_EQUAL(200U, decision.reply.status);
  const std::string &page = decision.reply.body;
  check_harmless(page);
  for (const char *section : {"why", "uninspectable", "signature", "encryption", "parts", "headers",
                              "text", "history", "notes"})
    CHECK_TEXT(page.find("id=\"" + std::string(section) + "\"") != std::string::npos, section);
  CHECK(page.find("Without the recipient") != std::string::npos);
  CHECK(page.find("<pre class=\"part-text\"") != std::string::npos);
  CHECK(page.find("\n\ttwo") != std::string::npos);
  CHECK(page.find("<iframe") == std::string::npos);
  CHECK(page.find("/original?user=") != std::string::npos);
  // The report is one that the reader takes.
  CHECK(page.find("It is encrypted with S/MIME") != std::string::npos);
}

TEST(DeskDecide, AMessageIsShownWithoutItsParts) {
  ShowAnswer show;
  show.record = hostile_item();
  answers["show"] = show;
  answers["parts"] = Failure{ErrorCode::forbidden, hostile};
  Decision decision = decide("/held/" + id + "?user=alice");
  CHECK_EQUAL(200U, decision.reply.status);
  CHECK(decision.reply.body.find("Your role does not show") != std::string::npos);
  check_harmless(decision.reply.body);
}

TEST(DeskDecide, ActsOnlyWithTheToken) {
  std::string form = "act=release&reason=x&item=" + id + "%3Aalice";
  CHECK_EQUAL(403U, post("/act", form).reply.status);
  CHECK_EQUAL(403U, post("/act", form + "&csrf=OTHER").reply.status);
  Decision decision = post("/act", form + "&csrf=TOKEN");
  const auto &act = std::get<ActRequest>(decision.asks.at(0).request.body);
  CHECK(act.act == Act::release);
  STRCMP_EQUAL("alice", act.items.at(0).user.c_str());
  request.origin = "https://evil.example";
  CHECK_EQUAL(403U, post("/act", form + "&csrf=TOKEN").reply.status);
}

TEST(DeskDecide, ShowsResults) {
  answers["act"] = ActAnswer{{{id, hostile, "done", hostile}, {id, "bob", "failed", ""}}};
  Decision decision = post("/act", "act=release&item=" + id + "%3Aa&csrf=TOKEN&back=//evil");
  CHECK_EQUAL(200U, decision.reply.status);
  check_harmless(decision.reply.body);
  CHECK(decision.reply.body.find("data-result=\"done\"") != std::string::npos);
  CHECK(decision.reply.body.find("1 of 2 done") != std::string::npos);
  CHECK(decision.reply.body.find("evil") == std::string::npos);
}

TEST(DeskDecide, AsksBeforeDeleting) {
  std::string form = "act=delete&csrf=TOKEN&item=" + id + "%3Aalice";
  Decision decision = post("/act", form);
  CHECK(decision.asks.empty());
  CHECK(decision.reply.body.find("Delete for good?") != std::string::npos);
  decision = post("/act", form + "&confirm=yes");
  CHECK(std::get<ActRequest>(decision.asks.at(0).request.body).act == Act::remove);
}

TEST(DeskDecide, LoginNeedsItsOwnCookie) {
  request.cookie = "";
  Decision decision = decide("/login");
  CHECK(decision.reply.body.find(request.nonce) != std::string::npos);
  CHECK(header(decision.reply, "Set-Cookie").find("__Host-smime-desk-login=" + request.nonce) == 0);
  std::string form = "name=carol&password=p&csrf=" + request.nonce;
  CHECK_EQUAL(403U, post("/login", form).reply.status);
  request.cookie = "__Host-smime-desk-login=" + request.nonce + "; __Host-smime-desk=OLD";
  decision = post("/login", form);
  CHECK_EQUAL(1U, decision.asks.size());
  CHECK(decision.asks[0].request.session.empty());
  // A wrong password ends nothing.
  answers["login"] = Failure{ErrorCode::login_refused, ""};
  decision = post("/login", form);
  CHECK_TRUE(decision.asks.empty());
  CHECK_EQUAL(403U, decision.reply.status);
  answers["login"] = Identity{"NEW", "T", "carol", Kind::reviewer, {}};
  decision = post("/login", form);
  CHECK_EQUAL(1U, decision.asks.size());
  STRCMP_EQUAL("OLD", decision.asks[0].request.session.c_str());
  answers["logout"] = EmptyAnswer{};
  decision = post("/login", form);
  CHECK_EQUAL(303U, decision.reply.status);
  CHECK(header(decision.reply, "Set-Cookie")
            .find("__Host-smime-desk=NEW; Path=/; HttpOnly; "
                  "SameSite=Strict; Secure") == 0);
}

TEST(DeskDecide, RefusesPlainHttp) {
  request.secure = false;
  CHECK_EQUAL(403U, decide("/login").reply.status);
  config.insecure = true;
  CHECK_EQUAL(403U, decide("/login").reply.status);
  request.loopback = true;
  CHECK_EQUAL(200U, decide("/login").reply.status);
}

TEST(DeskDecide, RefusesWhatIsOdd) {
  CHECK_EQUAL(404U, decide("/nothing").reply.status);
  CHECK_EQUAL(404U, decide("/api/v1/nothing").reply.status);
  CHECK_EQUAL(400U, decide("/held?q=%ff").reply.status);
  CHECK_EQUAL(404U, decide("/held/" + id).reply.status);
  CHECK_EQUAL(404U, decide("/held/" + id + "/html?user=a&part=1").reply.status);
  CHECK_EQUAL(400U, post("/act", "csrf=TOKEN&act=shred&item=x").reply.status);
  request.content_type = "text/plain";
  request.method = "POST";
  CHECK_EQUAL(415U, decide("/act").reply.status);
  request.method = "PUT";
  CHECK_EQUAL(405U, decide("/act").reply.status);
  STRCMP_EQUAL("POST\n", header(decide("/act").reply, "Allow").c_str());
}

TEST(DeskDecide, HasTheHeadersEverywhere) {
  for (const char *path :
       {"/login", "/nothing", "/held?q=%ff", "/static/desk.js", "/api/v1/held"}) {
    HttpReply reply = decide(path).reply;
    if (reply.headers.empty())
      continue;
    CHECK(header(reply, "Content-Security-Policy").find("default-src 'none'") == 0);
    STRCMP_EQUAL("no-store\n", header(reply, "Cache-Control").c_str());
    STRCMP_EQUAL("nosniff\n", header(reply, "X-Content-Type-Options").c_str());
    STRCMP_EQUAL("DENY\n", header(reply, "X-Frame-Options").c_str());
  }
}

TEST(DeskDecide, HtmlOfMailIsInASandbox) {
  config.html_view = true;
  PartsAnswer parts;
  Part part;
  part.path = "1.2";
  part.html = "<b>mail</b>";
  parts.parts = {part};
  answers["parts"] = parts;
  Decision decision = decide("/held/" + id + "/html?user=a&part=1.2");
  STRCMP_EQUAL("<b>mail</b>", decision.reply.body.c_str());
  CHECK(header(decision.reply, "Content-Security-Policy").find("sandbox; default-src 'none'") == 0);
}

TEST(DeskDecide, SpeaksGerman) {
  request.accept_language = "de-DE,de;q=0.9";
  answers["list"] = ListAnswer{};
  Decision decision = decide("/held");
  CHECK(decision.reply.body.find("<html lang=\"de\"") != std::string::npos);
  CHECK(decision.reply.body.find("Es wartet nichts") != std::string::npos);
}

TEST(DeskDecide, TheApiActs) {
  request.method = "POST";
  request.content_type = "application/json";
  request.authorization = "Bearer abc.def";
  request.body = R"({"user":"alice","reason":"x"})";
  Decision decision = decide("/api/v1/held/" + id + "/release");
  STRCMP_EQUAL("abc.def", decision.asks.at(0).request.bearer.c_str());
  CHECK(decision.asks.at(0).request.session.empty());
  CHECK(std::get<ActRequest>(decision.asks.at(0).request.body).act == Act::release);
  request.body = R"({"user":"alice","shred":true})";
  CHECK_EQUAL(400U, decide("/api/v1/held/" + id + "/release").reply.status);
  // With a session it wants the token as well.
  request.authorization = "";
  request.body = R"({"user":"alice"})";
  CHECK_EQUAL(403U, decide("/api/v1/held/" + id + "/release").reply.status);
  request.csrf_token = "TOKEN";
  CHECK_EQUAL(1U, decide("/api/v1/held/" + id + "/release").asks.size());
}

TEST(DeskDecide, ShowsTheOverview) {
  answers["overview"] = OverviewAnswer{nlohmann::json::parse(
      R"({"waiting":[{"reason":"<script>","domain":"example.org","count":3,
      "oldest":"2026-11-28T16:20:35Z"}],"days":[{"day":"2026-11-29","held":4,"released":3,
      "rejected":1,"deleted":0,"expired":0}],"senders":[{"from":"<img src=x>","count":9}],
      "rules":[{"rule":"3","held":100,"released":97,"rejected":3,"deleted":0,"expired":0,"open":0}]})")};
  Decision decision = decide("/overview?days=7");
  check_harmless(decision.reply.body);
  CHECK(decision.reply.body.find("97 % of what rule 3 held was released.") != std::string::npos);
  CHECK(decision.reply.body.find("The oldest came 2 days ago.") != std::string::npos);
  CHECK(decision.reply.body.find("<rect class=\"bar bar-held\"") != std::string::npos);
}

TEST(DeskDecide, AnOddOverviewDoesNoHarm) {
  for (const char *text : {"null", "[]", "{}", R"({"days":{},"rules":[1,null],"waiting":[[]]})",
                           R"({"days":[{"held":-1}],"senders":[{"from":5,"count":"x"}]})"}) {
    answers["overview"] = OverviewAnswer{nlohmann::json::parse(text)};
    CHECK_EQUAL(200U, decide("/overview").reply.status);
  }
}
