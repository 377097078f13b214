#include "desk/protocol/base64.h"
#include "desk/protocol/frames.h"

#include <CppUTest/TestHarness.h>
#include <string>

using namespace smime::desk;

TEST_GROUP(DeskFrames) { FrameReader reader{16}; };

TEST(DeskFrames, ComeOutAsTheyWentInWhateverPiecesTheyComeIn) {
  std::string bytes = frame_of("{\"a\":1}") + frame_of("{}");
  for (char c : bytes.substr(0, bytes.size() - 1))
    reader.add(std::string_view(&c, 1));
  STRCMP_EQUAL("{\"a\":1}", reader.next().value().c_str());
  CHECK_FALSE(reader.next().has_value());
  reader.add("}");
  STRCMP_EQUAL("{}", reader.next().value().c_str());
  CHECK_FALSE(reader.next().has_value());
  CHECK_FALSE(reader.is_broken());
}

TEST(DeskFrames, OneThatIsAsLongAsItMayBeIsRead) {
  reader.add(frame_of(std::string(16, 'x')));
  LONGS_EQUAL(16, reader.next().value().size());
}

TEST(DeskFrames, OneThatIsTooLongBreaksTheReader) {
  reader.add(frame_of(std::string(17, 'x')));
  reader.add(frame_of("{}"));
  CHECK_FALSE(reader.next().has_value());
  CHECK_TRUE(reader.is_broken());
}

TEST(DeskFrames, AnEmptyOneBreaksTheReader) {
  reader.add(std::string(4, '\0'));
  CHECK_FALSE(reader.next().has_value());
  CHECK_TRUE(reader.is_broken());
}

TEST(DeskFrames, ALengthWithItsHighestBitIsNoShortOne) {
  reader.add("\x80");
  reader.add(std::string(2, '\0') + "\x02{}");
  CHECK_FALSE(reader.next().has_value());
  CHECK_TRUE(reader.is_broken());
}

TEST_GROUP(DeskBase64){};

TEST(DeskBase64, IsThatOfTheStandard) {
  STRCMP_EQUAL("", to_base64("").c_str());
  STRCMP_EQUAL("Zg==", to_base64("f").c_str());
  STRCMP_EQUAL("Zm8=", to_base64("fo").c_str());
  STRCMP_EQUAL("Zm9v", to_base64("foo").c_str());
  STRCMP_EQUAL("Zm9vYmFy", to_base64("foobar").c_str());
}

TEST(DeskBase64, GivesEveryByteBack) {
  std::string bytes;
  for (int byte = 0; byte < 256; byte++) {
    bytes += static_cast<char>(byte);
    CHECK(from_base64(to_base64(bytes)) == bytes);
  }
}

TEST(DeskBase64, AnythingElseIsRefused) {
  for (const char *text : {"Z", "Zg", "Zg=", "Z===", "====", "Zh==", "Zm9v\n", "Zm9_", "Zg==Zg=="})
    CHECK_FALSE_TEXT(from_base64(text).has_value(), text);
}
