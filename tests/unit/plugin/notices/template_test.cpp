#include "plugin/notices/template.h"

#include <CppUTest/TestHarness.h>

using namespace smime;

TEST_GROUP(Template) {
  Vocabulary vocabulary{{"user", "empty"}, "messages", {"subject", "link"}, "link"};
  TemplateFacts facts;

  void setup() override {
    facts.values["user"] = "alice";
    facts.entries = {{{"subject", "one"}, {"link", "https://x.example/?t=a.b"}},
                     {{"subject", ""}, {"link", ""}}};
  }
  std::string render(std::string_view text, Place place = Place::text) {
    std::string error;
    auto parsed = Template::parse(text, place, vocabulary, error);
    STRCMP_EQUAL("", error.c_str());
    return parsed ? parsed->render(facts) : "";
  }
  void shows(const char *expected, std::string_view text, Place place = Place::text) {
    STRCMP_EQUAL(expected, render(text, place).c_str());
  }
  void refuses(const char *expected, std::string_view text, Place place = Place::text) {
    std::string error;
    CHECK_TEXT(!Template::parse(text, place, vocabulary, error), std::string(text).c_str());
    STRCMP_CONTAINS(expected, error.c_str());
  }
};

TEST(Template, PutsValuesInTheirPlaces) {
  shows("", "");
  shows("no value", "no value");
  shows("Dear alice, alice!", "Dear {{user}}, {{ user }}!");
  shows("()", "({{empty}})");
  shows("{ } } alice", "{ } } {{user}}");
}

TEST(Template, ShowsSectionsWhereThereIsSomething) {
  shows("a", "{{#user}}a{{/user}}{{#empty}}b{{/empty}}");
  shows("b", "{{^user}}a{{/user}}{{^empty}}b{{/empty}}");
  shows("[one alice][ alice]", "{{#messages}}[{{subject}} {{user}}]{{/messages}}");
  shows("one.no subject.",
        "{{#messages}}{{#subject}}{{subject}}{{/subject}}{{^subject}}no subject{{/subject}}."
        "{{/messages}}");
  shows("", "{{^messages}}none{{/messages}}{{! a comment, {{user }}");
  facts.entries.clear();
  shows("none", "{{^messages}}none{{/messages}}{{#messages}}some{{/messages}}");
}

TEST(Template, ASectionAloneOnItsLineTakesTheLine) {
  shows("a\n one\n \nb\n", "a\n  {{#messages}}  \n {{subject}}\n{{/messages}}\nb\n");
  shows("a\r\none\r\n\r\n", "a\r\n{{#messages}}\r\n{{subject}}\r\n{{/messages}}\r\n");
  shows("a\nb", "a\n{{! comment }}\nb");
  shows("a\n x\n", "a\n{{#user}} x{{/user}}\n");
  shows("a\n", "{{! first }}\na\n{{! last }}");
}

TEST(Template, WhatIsWrongIsToldWithLineAndWord) {
  refuses("line 1: \"{{name}}\" is no name that is known", "{{name}}");
  refuses("line 3: \"{{ usr }}\"", "a\nb\n {{ usr }}");
  refuses("line 2: \"{{subject}}\" stands outside of {{#messages}}", "\n{{subject}}");
  refuses("line 1: \"{{messages}}\" cannot stand here", "{{messages}}");
  refuses("line 1: \"{{#messages}}\" cannot stand here",
          "{{#messages}}{{#messages}}{{/messages}}{{/messages}}");
  refuses("line 2: there is what is no UTF-8, or cannot be seen: {{user\\x01}}", "\n{{user\x01}}");
  refuses("\"{{#user}}\" is not closed", "{{#user}}a");
  refuses("line 1: \"{{/user}}\" closes nothing", "{{/user}}");
  refuses("line 2: \"{{/empty}}\" closes nothing", "{{#user}}\n{{/empty}}{{/user}}");
  refuses("line 2: \"{{\" has no \"}}\"", "\n{{user");
  refuses("\"{{}}\"", "{{}}");
  refuses("{{{user}}", "{{{user}}}");
  refuses("\"{{&user}}\"", "{{&user}}");
  refuses("line 2: there is what is no UTF-8", "a\n\xe4\n");
  refuses("line 1: there is what is no UTF-8, or cannot be seen: a\\xe2\\x80\\xae",
          "a\xe2\x80\xae");
  refuses("too deep", "{{#user}}{{#user}}{{#user}}{{#user}}{{#user}}");
  refuses("too large", std::string(max_template + 1, 'a'));
}

TEST(Template, HasNoListInASubject) {
  refuses("cannot stand here", "{{#messages}}a{{/messages}}", Place::subject);
}

TEST(Template, AValueInHtmlIsTextWhateverItIs) {
  facts.values["user"] = "<b>&\"'</b>\xe2\x80\xae\r\n";
  shows("<p>&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;\\xe2\\x80\\xae\\x0d\\x0a</p>", "<p>{{user}}</p>",
        Place::html);
  shows("<b>&\"'</b>\\xe2\\x80\\xae\\x0d\\x0a", "{{user}}");
}

TEST(Template, OnlyALinkStandsInATag) {
  shows("<a href=\"https://x.example/?t=a.b\">x</a><a href=\"\">x</a>",
        "{{#messages}}<a href=\"{{link}}\">x</a>{{/messages}}", Place::html);
  shows("<a class=\"b\"\n  HREF=\"https://x.example/?t=a.b\">",
        "{{#messages}}{{#link}}<a class=\"b\"\n  HREF=\"{{link}}\">{{/link}}{{/messages}}",
        Place::html);
  for (const char *text :
       {"<a href=\"{{user}}\">", "<a href='{{user}}'>", "<a href={{user}}>", "<{{user}}>",
        "<b {{user}}>", "<!-- {{user}} -->", "<script>{{user}}</script>", "<style>{{user}}</style>",
        "<script src=\"a\">{{user}}</script>", "<SCRIPT/x>{{user}}</SCRIPT>",
        "<a {{#user}}href=\"x\"{{/user}}>", "<a title=\">{{user}}\">", "<!-- > {{user}} -->",
        "<script>var a = \"</b>\"; {{user}}</script>"})
    refuses("stands in a tag", text, Place::html);
  for (const char *text : {"{{#messages}}<a href='{{link}}'>{{/messages}}",
                           "{{#messages}}<a href={{link}}>{{/messages}}",
                           "{{#messages}}<a href=\"x{{link}}\">{{/messages}}",
                           "{{#messages}}<a href=\"{{link}}x\">{{/messages}}",
                           "{{#messages}}<a onclick=\"{{link}}\">{{/messages}}",
                           "{{#messages}}<a data-href=\"{{link}}\">{{/messages}}"})
    refuses("stands in a tag", text, Place::html);
  shows("<b>alice</b><!-- a --><script>x</script>alice",
        "<b>{{user}}</b><!-- a --><script>x</script>{{user}}", Place::html);
  refuses("a tag is not closed", "<b", Place::html);
  refuses("a tag is not closed", "<script>a", Place::html);
}
