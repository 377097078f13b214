#include "plugin/protect/compare-streams.h"

#include <CppUTest/TestHarness.h>
#include <algorithm>
#include <random>
#include <string>

using namespace smime;

namespace {

Comparison compared(const std::string &a, const std::string &b) {
  StreamPtr left(i_stream_create_from_data(a.data(), a.size()));
  StreamPtr right(i_stream_create_from_data(b.data(), b.size()));
  std::string error;
  auto comparison = compare(left.get(), right.get(), error);
  CHECK_TEXT(comparison.has_value(), error.c_str());
  return *comparison;
}

// What the two are compared as, said in another way: no CR before LF, and none at the end.
std::string canonical(const std::string &text) {
  std::string result;
  for (char c : text) {
    if (c == '\n')
      result.erase(result.find_last_not_of('\r') + 1);
    result += c;
  }
  result.erase(result.find_last_not_of('\r') + 1);
  return result;
}

} // namespace

TEST_GROUP(CompareStreams){};

TEST(CompareStreams, LineEndsAreNoDifference) {
  CHECK_TRUE(compared("a\r\nb\r\n", "a\nb\n").same);
  CHECK_TRUE(compared("", "").same);
  CHECK_TRUE(compared("a\r\r\n", "a\n").same);
  CHECK_TRUE(compared("a\r\r\n", "a\n").odd_crs);
  CHECK_FALSE(compared("a\r\n", "a\n").odd_crs);
  CHECK_FALSE(compared("a\rb", "ab").same);
  CHECK_FALSE(compared("a\n", "a").same);
}

TEST(CompareStreams, WhereTheyDiffer) {
  const std::string line(200, 'x');
  std::string a = line + "\r\n" + line + "\r\n";
  std::string b = line + "\n" + line + "\n";
  CHECK_TRUE(compared(a, b).same);
  b[line.size() + 1 + 150] = 'y';
  Comparison comparison = compared(a, b);
  CHECK_FALSE(comparison.same);
  LONGS_EQUAL(line.size() + 1 + 150, comparison.offset);
}

// Against canonical(), in short texts of what matters.
TEST(CompareStreams, AnyBytes) {
  std::mt19937 random(7);
  const std::string alphabet = "a\r\n";
  for (unsigned round = 0; round < 20000; round++) {
    std::string a(random() % 8, 'a');
    for (char &c : a)
      c = alphabet[random() % alphabet.size()];
    std::string b = a;
    for (unsigned edits = random() % 3; edits > 0; edits--) {
      auto at = static_cast<std::ptrdiff_t>(random() % (b.size() + 1));
      if (random() % 2 == 0)
        b.insert(b.begin() + at, alphabet[random() % alphabet.size()]);
      else if (at < static_cast<std::ptrdiff_t>(b.size()))
        b.erase(b.begin() + at);
    }
    bool same = canonical(a) == canonical(b);
    CHECK_EQUAL_TEXT(same, compared(a, b).same, ("round " + std::to_string(round)).c_str());
  }
}
