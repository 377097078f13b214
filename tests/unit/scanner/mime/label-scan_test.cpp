#include "scanner/mime/label-scan.h"

#include "scanner/base/dovecot-lib.h"
#include "tests/unit/data.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace smime;

namespace {

Bytes as_bytes(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

FoundLabels scan(const std::string &message, std::size_t piece = 65536) {
  LabelScan labels;
  for (std::size_t at = 0; at < message.size(); at += piece)
    labels.feed(as_bytes(message).subspan(at, std::min(piece, message.size() - at)));
  labels.finish();
  return labels.found();
}

void finds(const char *expected, const std::string &message) {
  for (std::size_t piece : {65536, 1, 7, 1000})
    STRCMP_EQUAL_TEXT(expected, join_class_names(scan(message, piece).classes).c_str(),
                      message.substr(0, 300).c_str());
}

std::string body_of(const char *file) {
  std::string message = read_data(file);
  return message.substr(message.find("\r\n\r\n") + 4);
}

const std::string base64_field = "Content-Transfer-Encoding: base64\r\n";

} // namespace

TEST_GROUP(LabelScan){};

TEST(LabelScan, NothingInPlainMail) {
  finds("", "");
  finds("", "Subject: x\r\n\r\nbody\r\n");
  finds("", "Content-Type: text/plain\r\n\r\n-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\nabc\r\n");
  finds("", read_data("signed.eml"));
  finds("", read_data("opaque-signed.eml"));
  finds("", read_data("certs-only.eml"));
  finds("", read_data("compressed.eml"));
  CHECK_FALSE(scan("Content-Type: text/plain\r\n\r\nbody\r\n").is_protected);
  for (const char *file : {"signed.eml", "opaque-signed.eml", "certs-only.eml", "enveloped.eml"})
    CHECK_TEXT(scan(read_data(file)).is_protected, file);
}

TEST(LabelScan, EveryLabelOfCms) {
  std::string body = body_of("enveloped.eml");
  for (const char *field :
       {"Content-Type: application/pkcs7-mime", "content-type:application/x-pkcs7-mime",
        "CONTENT-TYPE: Application/PKCS7-MIME; smime-type=enveloped-data",
        "Content-Type:\r\n\tapplication/pkcs7-mime", "Content-Type: application/octet-stream",
        "Content-Type: application/octet-stream;\r\n name=\"smime.p7m\"",
        "Content-Disposition: attachment; filename=SMIME.P7M", "Content-Type: image/png"}) {
    finds("encrypted", std::string(field) + "\r\n" + base64_field + "\r\n" + body);
    finds("encrypted", base64_field + field + "\r\n\r\n" + body);
    finds("encrypted",
          "--b\n" + std::string(field) + "\n" + base64_field + "\n" + body + "\n--b--\n");
  }
  // The content alone, and the label alone.
  finds("encrypted", "Content-Type: text/plain\r\n\r\n" + body);
  finds("encrypted", "Content-Type: application/pkcs7-mime\r\n\r\nnothing\r\n");
  finds("encrypted",
        "Content-Type: " + std::string(70000, ' ') + "application/pkcs7-mime\r\n\r\nx");
  finds("encrypted", "Content-Type: application/pkcs7-mime; x=" + std::string(70000, 'x'));
  finds("encrypted", "Content-Type: text/plain\r\n\r\n-----BEGIN PKCS7-----\r\n" + body);
  // What says that it is readable, and is not.
  finds("encrypted", "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n" +
                         base64_field + "\r\n" + body);
}

TEST(LabelScan, PgpAndArchives) {
  const std::string armor = "-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n";
  finds("pgp-encrypted", "Content-Type: text/plain\r\n\r\nHi\r\n" + armor);
  finds("pgp-encrypted", "> " + armor);
  finds("pgp-encrypted", "Content-Type: text/plain\r\n" + base64_field + "\r\n" +
                             base64("Hello\r\n" + std::string(5000, 'x') + "\r\n" + armor));
  finds("pgp-encrypted", "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain"
                         "\r\n\r\n=2D----BEGIN PGP MESSAGE-----\r\n");
  finds("pgp-encrypted",
        "Content-Type: multipart/encrypted;\r\n protocol=\"application/pgp-encrypted\"\r\n\r\n");
  finds("pgp-encrypted", "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n");
  finds("encrypted", "Content-Type: multipart/encrypted; boundary=x\r\n\r\n");
  std::string zip("PK\3\4\x14\0\1\0\0\0", 10);
  finds("encrypted-archive", "Content-Type: application/zip\r\n" + base64_field + "\r\n" +
                                 base64(zip + std::string(100, 'x')));
  zip[6] = 0;
  finds("", "Content-Type: application/zip\r\n" + base64_field + "\r\n" +
                base64(zip + std::string(100, 'x')));
}

// A message that is encoded, and one in it that is.
TEST(LabelScan, EncodedMessages) {
  std::string message = read_data("enveloped.eml");
  std::string labelled =
      "Content-Type: message/rfc822\r\n" + base64_field + "\r\n" + base64(message);
  finds("encrypted", labelled);
  finds("encrypted", "Content-Type: message/rfc822\r\n" + base64_field + "\r\n" + base64(labelled));
  finds("encrypted", "Content-Type: multipart/mixed; boundary=b\r\n" + base64_field + "\r\n" +
                         base64("--b\r\n" + message + "\r\n--b--\r\n"));
}

// No line that is no field ends the decoding that its header asks for.
TEST(LabelScan, NoiseInEncodedMessages) {
  std::string encoded = base64("X: aaaaaaaaaaaaaaaaaaaa\r\n" + read_data("enveloped.eml"));
  encoded.erase(std::remove_if(encoded.begin(), encoded.end(), [](char c) { return c <= ' '; }),
                encoded.end());
  std::string lines;
  for (std::size_t at = 12; at < encoded.size(); at += 76)
    lines += encoded.substr(at, 76) + "\r\n";
  const std::string armor = " -----BEGIN CMS-----\r\n";
  for (const std::string &noise :
       {armor + armor + armor, std::string("Content-Z\xff\r\n\r\n"),
        std::string("Content-Z\r\n\r\n"), std::string("Content-\xff: Z\r\n\r\n")}) {
    for (std::size_t shift = 0; shift < 4; shift++)
      finds("encrypted", "Content-Type: message/rfc822\r\n" + base64_field + "\r\n" +
                             encoded.substr(0, 8 + shift) + "\r\n" + noise +
                             encoded.substr(8 + shift, 4 - shift) + lines);
  }
  // Nor does it hide what stands behind an armor line.
  finds("encrypted", "Content-Type: text/plain\r\n" + base64_field + "\r\nx\r\n" + armor +
                         body_of("enveloped.eml"));
}

namespace {

// Each line's first byte and what has a meaning in it.
std::string quoted(const std::string &text) {
  std::string result;
  bool begins = true;
  for (char c : text) {
    bool is_end = c == '\r' || c == '\n';
    if (!is_end && (begins || c == '=' || c == '-')) {
      char hex[4];
      (void)std::snprintf(hex, sizeof(hex), "=%02X", static_cast<unsigned char>(c));
      result += hex;
    } else {
      result += c;
    }
    begins = c == '\n';
  }
  return result;
}

} // namespace

// A line that looks like a field may be none to a reader who decodes the message around it,
// and hides nothing.
TEST(LabelScan, FieldsInEncodedMessages) {
  const std::string message = read_data("enveloped.eml");
  const std::string type = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: ";
  const std::string in_base64 = base64(message);
  const std::size_t second = in_base64.find('\n') + 1;
  for (const char *line :
       {"Content-X: y\r\n", "Content\r\n", "Conten\r\n", "Content-X: y\r\n\r\n",
        "Content-Transfer-Encoding: 7bit\r\n--b\r\nContent-Type: text/plain\r\n\r\n"}) {
    finds("encrypted", type + "base64\r\n\r\n" + line + in_base64);
    finds("encrypted",
          type + "base64\r\n\r\n" + in_base64.substr(0, second) + line + in_base64.substr(second));
    finds("encrypted", type + "quoted-printable\r\n\r\n" + line + quoted(message));
    CHECK(scan(type + "quoted-printable\r\n\r\n" + line + quoted(read_data("signed.eml")))
              .is_protected);
  }
}

TEST(LabelScan, WhatIsNotDecodedIsSaid) {
  const std::string message =
      "Content-Type: message/rfc822\r\n" + base64_field + "\r\n" + base64("x\r\n");
  CHECK_FALSE(scan(message + message).is_incomplete);
  CHECK(scan(message + message + message + message).is_incomplete);
  std::string deep = message;
  for (int levels = 0; levels < 2; levels++)
    deep = "Content-Type: message/rfc822\r\n" + base64_field + "\r\n" + base64(deep);
  CHECK_FALSE(scan(deep).is_incomplete);
  CHECK(scan("Content-Type: message/rfc822\r\n" + base64_field + "\r\n" + base64(deep))
            .is_incomplete);
}

// What is wanted late begins with what was before.
TEST(LabelScan, LateScan) {
  std::string message = read_data("enveloped.eml");
  for (std::size_t wanted_at :
       {std::size_t{0}, std::size_t{300}, message.size() / 2, message.size()}) {
    LateLabelScan late;
    late.feed(as_bytes(message).first(wanted_at), false);
    late.feed(as_bytes(message).subspan(wanted_at), wanted_at < message.size());
    STRCMP_EQUAL("encrypted", join_class_names(late.finish(true).classes).c_str());
  }
  LateLabelScan unwanted;
  unwanted.feed(as_bytes(message), false);
  CHECK(unwanted.finish(false).classes.empty());
  LateLabelScan far;
  far.feed(as_bytes(message), false);
  std::string other(1UL << 20, 'x');
  for (int i = 0; i < 3; i++)
    far.feed(as_bytes(other), false);
  CHECK(far.finish(true).classes.empty());
}

TEST(LabelScan, EveryTruncationIsSurvived) {
  std::string message = "Content-Type: message/rfc822\r\n" + base64_field + "\r\n" +
                        base64(read_data("enveloped.eml")) + read_data("signed.eml");
  for (std::size_t size = 0; size < message.size(); size += 11)
    (void)scan(message.substr(0, size), 13);
}
