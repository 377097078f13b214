#include "desk/web/texts.h"

#include "desk/web/library.h"

#include "CppUTest/TestHarness.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using namespace smime::desk;

namespace {

std::filesystem::path top() {
  const char *data = std::getenv("SMIME_TEST_DATA");
  return std::filesystem::path(data == nullptr ? "../tests/data" : data) / "../..";
}

std::string content(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Words between two texts, such as keys in a template.
void add_between(std::set<std::string> &found, const std::string &text, const std::string &before,
                 const std::string &behind) {
  for (std::size_t at = text.find(before); at != std::string::npos; at = text.find(before, at)) {
    at += before.size();
    found.insert(text.substr(at, text.find_first_of(behind, at) - at));
  }
}

// What templates and sources name; of sources every literal, which may be the beginning of a key.
std::set<std::string> named_keys() {
  std::set<std::string> found;
  for (const auto &entry : std::filesystem::directory_iterator(top() / "desk/texts")) {
    if (entry.path().extension() == ".tpl")
      add_between(found, content(entry.path()), "{{T_", "}");
  }
  for (const auto &entry : std::filesystem::directory_iterator(top() / "desk/web")) {
    if (entry.path().extension() == ".cpp")
      add_between(found, content(entry.path()), "\"", "\"");
  }
  return found;
}

bool is_used(const std::set<std::string> &named, std::string key) {
  if (named.contains(key))
    return true;
  for (std::size_t at = key.rfind('_'); at != std::string::npos; at = key.rfind('_')) {
    key.resize(at);
    if (named.contains(key) || named.contains(key + "_"))
      return true;
  }
  return false;
}

} // namespace

TEST_GROUP(DeskTexts) {
  std::string error;
  Texts read(const char *code) {
    auto texts =
        Texts::parse(code, content(top() / "desk/texts" / (std::string(code) + ".ini")), error);
    CHECK_TEXT(texts.has_value(), error.c_str());
    return *texts;
  }
};

TEST(DeskTexts, RefusesWhatIsNoLine) {
  CHECK(!Texts::parse("en", "a = b\nnonsense\n", error));
  STRCMP_EQUAL("line 2 is not key = text", error.c_str());
  CHECK(!Texts::parse("en", "a = b\n# c\n\na = c\n", error));
  STRCMP_EQUAL("line 4 has a again", error.c_str());
}

TEST(DeskTexts, PutsValuesIn) {
  auto texts = Texts::parse("en", "a = {1} and {0}, {2}\nn_1 = {0} day\nn_n = {0} days\n", error);
  STRCMP_EQUAL("y and x, {2}", texts->text("a", {"x", "y"}).c_str());
  STRCMP_EQUAL("1 day", texts->count("n", 1).c_str());
  STRCMP_EQUAL("0 days", texts->count("n", 0).c_str());
  STRCMP_EQUAL("missing", texts->text("missing").c_str());
  // What a value has in it is a value.
  STRCMP_EQUAL("{0} and {1}, {2}", texts->text("a", {"{1}", "{0}"}).c_str());
}

TEST(DeskTexts, LanguagesHaveTheSameKeys) {
  Texts en = read("en");
  Texts de = read("de");
  for (const auto &[key, text] : en.texts()) {
    CHECK_TEXT(de.has(key), key.c_str());
    CHECK_TEXT(!text.empty() && !de.text(key).empty(), key.c_str());
    for (const char *value : {"{0}", "{1}", "{2}"})
      CHECK_TEXT((text.find(value) == std::string::npos) ==
                     (de.text(key).find(value) == std::string::npos),
                 key.c_str());
  }
  CHECK_EQUAL(en.texts().size(), de.texts().size());
}

TEST(DeskTexts, KeysAreUsed) {
  auto named = named_keys();
  CHECK(named.size() > 200);
  Texts en = read("en");
  for (const auto &[key, text] : en.texts())
    CHECK_TEXT(is_used(named, key), key.c_str());
}

TEST(DeskTexts, TemplatesNameNoOthers) {
  Texts en = read("en");
  for (const auto &entry : std::filesystem::directory_iterator(top() / "desk/texts")) {
    std::set<std::string> keys;
    if (entry.path().extension() == ".tpl")
      add_between(keys, content(entry.path()), "{{T_", "}");
    for (const std::string &key : keys)
      CHECK_TEXT(en.has(key), key.c_str());
  }
}

TEST(DeskTexts, FollowsWhatTheBrowserWants) {
  CHECK(preferred_language("de-AT,de;q=0.9,en;q=0.8") == "de");
  CHECK(preferred_language("en-GB, de;q=0.5") == "en");
  CHECK(preferred_language("en;q=0.3,de;q=0.7") == "de");
  CHECK(preferred_language("fr") == "en");
  CHECK(preferred_language("") == "en");
  CHECK(preferred_language("de;q=0") == "en");
}
