#include "scanner/content/html-text.h"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

void shows(const char *expected, std::string_view html) {
  STRCMP_EQUAL(expected, text_of_html(html).c_str());
}

} // namespace

TEST_GROUP(HtmlText){};

TEST(HtmlText, Words) {
  shows("One two\nThree", "<p>One\r\n  <b>two</b></p><div>Three</div>");
  shows("* a\n* b", "<ul><li>a<li>b</ul>");
  shows("a b\nc", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>");
  shows("a\n  b", "<pre>a\n  b</pre>");
  shows("1 < 2 > 0", "1 < 2 > 0");
}

TEST(HtmlText, ScriptsStylesAndCommentsAreLeftOut) {
  shows("ab", "a<script>document.write('<b>x</b>')</SCRIPT >b");
  shows("ab", "a<style>p { color: red }</style>b");
  shows("ab", "a<!-- <b>x</b> -->b");
  shows("ab", "a<!-->b");
  shows("ab", "a<!--x--!>b");
  shows("ab", "a<!DOCTYPE html>b");
  shows("a", "a<script>never ends");
  shows("a", "a<b title=\"never ends");
  shows("a", "a<!-- never ends");
  // Some programs show what is in these.
  shows("hidden", "<template>hidden</template>");
  shows("hidden", "<noscript>hidden</noscript>");
  shows("hidden", "<div style='display:none'>hidden</div>");
  shows("<b>", "<textarea><b></textarea>");
}

TEST(HtmlText, AddressesAreShown) {
  shows("Your bank <https://evil.example/>", "<a href='https://evil.example/'>Your bank</a>");
  shows("Your bank <javascript:x>", "<A HREF=java&#115;cript&colon;x>Your bank</A>");
  shows("https://a.example/", "<a href='https://a.example/'>https://a.example/</a>");
  shows("up", "<a href='#top'>up</a>");
  shows("a <b:c> d <e:f>", "<a href=b:c>a<a href=e:f>d");
  shows("[picture: Logo <https://t.example/?id=1>]", "<img alt=Logo src=https://t.example/?id=1>");
  shows("[picture: Logo]", "<img alt=Logo src=cid:logo>");
  shows("[picture]", "<img src=data:image/png;base64,AAAA>");
  shows("[form <https://f.example/>] [input: Send]",
        "<form action=https://f.example/><input type=submit value=Send></form>");
  shows("[leads to: 0; url=https://r.example/]",
        "<meta http-equiv=refresh content='0; url=https://r.example/'>");
  shows("[base <https://b.example/>]", "<base href=https://b.example/>");
}

TEST(HtmlText, References) {
  shows("& < > \" ' \xc3\xa4 \xe2\x82\xac", "&amp; &lt; &gt; &quot; &#39; &auml; &euro;");
  shows("\xe2\x82\xac \xf0\x9f\x98\x80", "&#8364; &#x1F600;");
  shows("A", "&#65");
  shows("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "&#0;&#xd800;&#99999999999;");
  shows("&nothing; &", "&nothing; &");
  // Only what browsers take for a tag is one.
  shows("<script>", "&lt;script&gt;");
}

TEST(HtmlText, ItGrowsWithItsSource) {
  const std::string tag = "<a href=x:y>";
  std::string many;
  for (int i = 0; i < 20000; i++)
    many += tag;
  CHECK(text_of_html(many).size() <= 2 * many.size());
  for (const char *piece :
       {"<", "<!--", "</", "<a ", "<a b='", "&", "&#", "<pre>", "<script>", "<p>"}) {
    std::string text;
    while (text.size() < 200000)
      text += piece;
    CHECK(text_of_html(text).size() <= 2 * text.size());
  }
  std::string address = "<a href='x:";
  address.append(5000, '\xc3').append("'>a</a>");
  CHECK(text_of_html(address).size() < 600);
}

TEST(HtmlText, Charset) {
  auto is = [](std::string_view expected, std::string_view html) {
    CHECK(charset_of_html(html) == expected);
  };
  is("koi8-r", "<html><META http-equiv=content-type content='text/html; charset=koi8-r'>");
  is("utf-8", "<meta charset=\"utf-8\">");
  is("", "charset=x <p>");
  is("", std::string(2000, ' ') + "<meta charset=x>");
}
