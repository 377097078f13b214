#include "inspect-stream.h"

#include "data.h"
#include "test-tools.h"
#include "dovecot-lib.h"
#include "sha256.h"
#include "verify.h"

#include <CppUTest/TestHarness.h>
#include <filesystem>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

using namespace smime;

namespace {

std::string header_of(const std::string &message) {
  return message.substr(0, message.find("\r\n\r\n") + 4);
}

// A part made of a whole message: as an attachment, or in a multipart by its
// own MIME header.
std::string forwarded(const std::string &message) {
  return "Content-Type: message/rfc822\r\n\r\n" + message;
}

std::string mixed(const std::string &boundary, const std::vector<std::string> &parts,
                  const std::string &type = "multipart/mixed") {
  std::string text = "MIME-Version: 1.0\r\nContent-Type: " + type + "; boundary=" + boundary +
                     "\r\n\r\n";
  for (const std::string &part : parts)
    text += "--" + boundary + "\r\n" + part + "\r\n";
  return text + "--" + boundary + "--\r\n";
}

const std::string text_part = "Content-Type: text/plain\r\n\r\nHello\r\n";

} // namespace

TEST_GROUP(Walk) {
  Limits limits;
  std::string error;

  // lib-mail keeps its memory in libc's malloc; CppUTest must not count it.
  Report walk(const std::string &message) {
    istream *input = i_stream_create_from_data(message.data(), message.size());
    auto report = inspect_stream(input, limits, test_tools(), error);
    i_stream_unref(&input);
    CHECK_TEXT(report.has_value(), error.c_str());
    CHECK(report->size == message.size());
    return *report;
  }
  void classes(const char *expected, const std::string &message) {
    STRCMP_EQUAL(expected, join_class_names(walk(message).classes).c_str());
  }
};

TEST(Walk, Samples) {
  classes("signed", read_data("signed.eml"));
  classes("opaque-signed", read_data("opaque-signed.eml"));
  classes("encrypted", read_data("enveloped.eml"));
  classes("encrypted", read_data("auth-enveloped.eml"));
  classes("compressed", read_data("compressed.eml"));
  classes("certs-only", read_data("certs-only.eml"));
  classes("plain", "Subject: x\r\n\r\nbody\r\n");
}

TEST(Walk, NestedInMultipartAndForwarded) {
  for (const char *file : {"signed.eml", "opaque-signed.eml", "enveloped.eml", "compressed.eml",
                           "certs-only.eml"}) {
    std::string message = read_data(file);
    std::string expected = join_class_names(walk(message).classes);
    classes(expected.c_str(), mixed("b1", {text_part, message}));
    classes(expected.c_str(), mixed("b1", {text_part, forwarded(message)}));
    classes(expected.c_str(), mixed("b1", {forwarded(mixed("b2", {text_part, message}))}));
  }
}

TEST(Walk, PathsAreImapSectionNumbers) {
  std::string encrypted = read_data("enveloped.eml");
  STRCMP_EQUAL("1", walk(encrypted).uninspectable.at(0).path.c_str());
  STRCMP_EQUAL("2", walk(mixed("b1", {text_part, encrypted})).uninspectable.at(0).path.c_str());
  STRCMP_EQUAL("2.1",
               walk(mixed("b1", {text_part, forwarded(encrypted)})).uninspectable.at(0).path.c_str());
  STRCMP_EQUAL("2.2", walk(mixed("b1", {text_part, forwarded(mixed("b2", {text_part, encrypted}))}))
                          .uninspectable.at(0)
                          .path.c_str());
}

TEST(Walk, ProtectedEntityIsWhereTheBytesAre) {
  std::string message = read_data("signed.eml");
  Report report = walk(message);
  LONGS_EQUAL(1, report.protected_entities.size());
  const ProtectedEntity &entity = report.protected_entities[0];
  std::string bytes = message.substr(entity.offset, entity.size);
  CHECK(bytes.starts_with("Content-Type: text/plain"));
  CHECK(bytes.ends_with("A sample text.\r\n"));
  STRCMP_EQUAL("1", entity.path.c_str());
  STRCMP_EQUAL("1", report.layers.at(0).path.c_str());
  STRCMP_EQUAL("sha-256", report.layers.at(0).micalg.c_str());
  CHECK(report.signature == SignatureStatus::signed_);
}

TEST(Walk, ContentCountsNotTheLabel) {
  std::string encrypted = read_data("enveloped.eml");
  std::string body = encrypted.substr(header_of(encrypted).size());
  classes("encrypted", "Content-Type: application/octet-stream\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\n" + body);
  classes("encrypted", "Content-Type: image/png; name=cat.png\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\n" + body);
  classes("encrypted", "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body);
}

TEST(Walk, LabelsWithoutContentAreMalformed) {
  classes("encrypted malformed", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n"
                                 "Content-Transfer-Encoding: base64\r\n\r\nbm90aGluZw==\r\n");
  classes("malformed", "Content-Type: application/octet-stream; name=smime.p7m\r\n\r\nhello\r\n");
  classes("signed malformed",
          mixed("b1", {text_part},
                "multipart/signed; protocol=\"application/pkcs7-signature\""));
  classes("signed malformed",
          "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"\r\n\r\n");
}

TEST(Walk, PgpMime) {
  std::string version = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n";
  std::string data = "Content-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n";
  classes("pgp-encrypted",
          mixed("b1", {version, data}, "multipart/encrypted; protocol=\"application/pgp-encrypted\""));
  classes("pgp-encrypted", mixed("b1", {version, data}, "multipart/encrypted"));
  std::string signature = "Content-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n";
  classes("pgp-signed",
          mixed("b1", {text_part, signature}, "multipart/signed; protocol=\"application/pgp-signature\""));
}

TEST(Walk, InlineArmor) {
  classes("pgp-encrypted", "Subject: x\r\n\r\nHi\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n");
  classes("pgp-signed", "Subject: x\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nabc\r\n");
  classes("pgp-encrypted", "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                           "=2D----BEGIN PGP MESSAGE-----\r\n");
  classes("pgp-encrypted", "Subject: x\r\n\r\n> -----BEGIN PGP MESSAGE-----\r\n");
  classes("plain", "Subject: x\r\n\r\nSee: -----BEGIN PGP MESSAGE-----\r\n");
  classes("pgp-encrypted", "Subject: x\r\n\r\n" + std::string(100000, 'x') +
                               "\r\n-----BEGIN PGP MESSAGE-----");
}

TEST(Walk, TooManyPartsAreMalformed) {
  std::vector<std::string> parts(200, text_part);
  limits.max_parts = 100;
  Report report = walk(mixed("b1", parts));
  CHECK(report.classes.has(MessageClass::malformed));
  STRCMP_EQUAL("limit-exceeded", report.uninspectable.at(0).reason.c_str());
  CHECK(report.scan == ScanVerdict::uninspectable);
  limits.max_parts = 10000;
  classes("plain", mixed("b1", parts));
}

TEST(Walk, TooDeepIsMalformed) {
  std::string message = text_part;
  for (int i = 0; i < 1000; i++)
    message = mixed("b" + std::to_string(i), {message});
  Report report = walk(message);
  CHECK(report.classes.has(MessageClass::malformed));
}

TEST(Walk, ListsAreBounded) {
  std::vector<std::string> parts(300, read_data("certs-only.eml"));
  Report report = walk(mixed("b1", parts));
  LONGS_EQUAL(Report::max_list, report.layers.size());
  CHECK(report.dropped > 0);
  classes("certs-only", mixed("b1", parts));
}

TEST(Walk, OddMessages) {
  classes("plain", "");
  classes("plain", "\r\n");
  classes("plain", "no header at all");
  classes("plain", "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n");
  classes("malformed", "Content-Type: multipart/mixed; boundary=x\r\n\r\nnever begun");
  classes("plain", "Subject: " + std::string(1000000, 'x') + "\r\n\r\n");
  classes("plain", std::string("Subject: a\0b\r\n\r\n\0\r\n", 19));
  Report unread = walk("Content-Type: text/plain;" + std::string(200000, ' ') + "\r\n " +
                       std::string(200000, 'x') + "\r\n y\r\n\r\n");
  CHECK(unread.classes.has(MessageClass::malformed));
  CHECK(unread.scan == ScanVerdict::uninspectable);
}

// lib-mail cuts values short where a header has more than 10 MiB of them, and does not say so.
TEST(Walk, HeaderThatLibMailCuts) {
  std::string filler;
  for (int line = 0; line < 180; line++)
    filler += "X: " + std::string(60000, 'y') + "\r\n";
  std::string label = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n";
  for (const std::string &message :
       {filler + label + "\r\nx\r\n", mixed("b1", {text_part, filler + label + "\r\nx\r\n"}),
        filler + label.substr(0, 14) + "multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"}) {
    Report report = walk(message);
    CHECK(report.classes.has(MessageClass::malformed));
    CHECK(report.scan == ScanVerdict::uninspectable);
    STRCMP_EQUAL("header-too-long", report.errors.at(0).code.c_str());
  }
}

TEST(Walk, EncodedContainersAreMalformed) {
  classes("malformed", "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                       "U3ViamVjdDogeA0KDQo=\r\n");
}

TEST(Walk, EveryTruncationIsSurvived) {
  std::string message = mixed("b1", {read_data("signed.eml"), forwarded(read_data("enveloped.eml"))});
  for (std::size_t length = 0; length < message.size(); length += 7)
    (void)walk(message.substr(0, length));
}

TEST(Walk, FindingsOfTheFuzzTargets) {
  for (const auto &entry : std::filesystem::directory_iterator(data_directory() + "/fuzz"))
    (void)walk(read_data("fuzz/" + entry.path().filename().string()));
}

TEST(Walk, TooLargeReport) {
  Report report = report_too_large(5000, limits);
  CHECK(report.classes.has(MessageClass::malformed));
  CHECK(report.scan == ScanVerdict::uninspectable);
}

namespace {

struct SignedEntity {
  const char *what;
  std::string entity;
};

// The entity as the first part of a multipart/signed.
std::string with_signature(const std::string &entity) {
  return "MIME-Version: 1.0\r\nContent-Type: multipart/signed; "
         "protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=b\r\n\r\n--b\r\n" +
         entity + "\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n";
}

const SignedEntity signed_entities[] = {
    {"canonical", "Content-Type: text/plain\r\n\r\nHello\r\n"},
    {"no body", "Content-Type: text/plain\r\n"},
    {"no header", "\r\nHello"},
    {"no body behind an empty line", "Content-Type: text/plain\r\n\r\n"},
    {"no body inside", "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
                       "Content-Type: text/plain\r\n\r\n--c--"},
    {"no body inside, left open", "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
                                  "Content-Type: text/plain\r\n"},
    {"empty", ""},
    {"folded", "Content-Type: text/plain;\r\n charset=utf-8\r\n\r\nHello\r\n"},
    {"no field", "no field\r\nContent-Type: text/plain\r\n\r\nHello\r\n"},
    {"space before the colon", "X  :  y \r\nZ:\r\n\r\nHello\r\n"},
    {"bare LF in the body", "Content-Type: text/plain\r\n\r\nHel\nlo\r\n"},
    {"bare LF in the header", "Content-Type: text/plain\nX: y\r\n\r\nHello\r\n"},
    {"bare LF within a field", "Content-Type: text/plain;\n charset=utf-8\r\n\r\nHello\r\n"},
    {"bare LF that ends the header", "Content-Type: text/plain\r\n\nHello\r\n"},
    {"CR CR LF in the header", "Content-Type: text/plain\r\r\n\r\nHello\r\n"},
    {"bare CR", "X: a\rb\r\n\r\nHel\rlo\r\n"},
    {"NUL in the header", std::string("X: a\0b\r\n\r\nHello\r\n", 17)},
    {"NUL in a field's name", std::string("X\0Y: b\r\n\r\nHello\r\n", 17)},
    {"a long field", "X: " + std::string(40000, 'x') + "\r\n\r\nHello\r\n"},
    {"a long name", std::string(40000, 'x') + ": y\r\n\r\nHello\r\n"},
    {"a long line without colon", std::string(40000, 'x') + "\r\n\r\nHello\r\n"},
    {"multipart", "Content-Type: multipart/mixed; boundary=c\r\n\r\na\r\n--c\r\n\r\nHello\r\n--c--\r\nb"},
    {"open multipart", "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nHello\r\n"},
    {"forwarded", "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nHello\r\n"},
    {"forwarded nothing", "Content-Type: message/rfc822\r\n\r\n"},
    {"forwarded an empty header", "Content-Type: message/rfc822\r\n\r\n\r\n"},
    {"signed inside, no body", "Content-Type: multipart/signed; boundary=c\r\n\r\n--c\r\n"
                               "Content-Type: text/plain\r\n\r\n--c--\r\n"},
    {"a line end at a buffer's end", "X: " + std::string(65536 - 5, 'x') + "\r\n\r\nHello\r\n"},
};

} // namespace

// The plugin takes a reported digest for that of the bytes at that place, and the
// entity for one without NUL, CR CR LF and bare LF.
TEST(Walk, ReportedDigestIsOfTheBytesThatAreThere) {
  Verifier verifier;
  Tools tools = test_tools();
  tools.verifier = &verifier;
  unsigned reported = 0;
  for (const SignedEntity &one : signed_entities) {
    std::string message = with_signature(one.entity);
    for (std::size_t buffer : {std::size_t{8192}, std::size_t{1024 * 1024}}) {
      int fd = memfd_create("message", MFD_CLOEXEC);
      LONGS_EQUAL(message.size(), write(fd, message.data(), message.size()));
      istream *input = i_stream_create_fd_autoclose(&fd, buffer);
      i_stream_seek(input, 0);
      auto report = inspect_stream(input, limits, tools, error);
      i_stream_unref(&input);
      CHECK_TEXT(report.has_value(), error.c_str());
      for (const ProtectedEntity &entity : report->protected_entities) {
        if (entity.path != "1" || entity.sha256.empty())
          continue;
        reported++;
        CanonicalSha256 sha256;
        std::string there = message.substr(entity.offset, entity.size);
        sha256.update({reinterpret_cast<const unsigned char *>(there.data()), there.size()});
        STRCMP_EQUAL_TEXT(to_hex(sha256.result()).c_str(), entity.sha256.c_str(), one.what);
        const LineEnds &ends = sha256.line_ends();
        CHECK_TEXT(!ends.nul && !ends.doubled_cr && !ends.bare_lf, one.what);
      }
    }
  }
  LONGS_EQUAL(38, reported);
}
