#include "plugin/protect/header-fields.h"

#include <CppUTest/TestHarness.h>

using smime::merge_headers;

TEST_GROUP(HeaderFields){};

TEST(HeaderFields, EditedFieldsStayAndMimeFieldsComeFromTheOriginal) {
  auto merged = merge_headers("X-Spam: NO\r\nFrom: a\r\nDate: d\r\nSubject: [x] s\r\n"
                              "Content-Type: text/html\r\nmime-version: 2\r\n\r\n",
                              "From: a\r\nDate: d\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
                              "Content-Type: multipart/signed;\r\n\tboundary=b\r\n\r\n");
  CHECK(merged.has_value());
  STRCMP_EQUAL("X-Spam: NO\r\nFrom: a\r\nDate: d\r\nSubject: [x] s\r\nMIME-Version: 1.0\r\n"
               "Content-Type: multipart/signed;\r\n\tboundary=b\r\n\r\n",
               merged->c_str());
}

TEST(HeaderFields, LineEndsAndFoldingStayAsTheyAre) {
  auto merged = merge_headers("From: a\n\tb\nDate: d\nContent-Foo : x\n y\n\n", "From: a\n\n");
  STRCMP_EQUAL("From: a\n\tb\nDate: d\n\r\n", merged->c_str());
}

TEST(HeaderFields, AHeaderThatLostItsOriginatorIsNotBuiltOn) {
  CHECK_FALSE(merge_headers("Date: d\n\n", "From: a\nDate: d\n\n"));
  CHECK_FALSE(merge_headers("", "From: a\n\n"));
  CHECK_FALSE(merge_headers("From: a\n\n", "From: a\ndate: d\n\n"));
  CHECK(merge_headers("", "Subject: none\n\n").has_value());
}

TEST(HeaderFields, WhatComesAfterTheEmptyLineIsNoField) {
  CHECK_FALSE(merge_headers("\nFrom: a\n", "From: a\n\n"));
}

TEST(HeaderFields, AnUnterminatedLastFieldGetsItsLineEnd) {
  STRCMP_EQUAL("From: a\r\n\r\n", merge_headers("From: a", "From: b\n\n")->c_str());
}
