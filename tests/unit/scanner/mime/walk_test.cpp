#include "scanner/content/inspect-stream.h"

#include "common/sha256.h"
#include "scanner/base/dovecot-lib.h"
#include "scanner/verify/verify.h"
#include "tests/unit/data.h"
#include "tests/unit/test-tools.h"

#include <CppUTest/TestHarness.h>
#include <algorithm>
#include <filesystem>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>

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
  std::string text =
      "MIME-Version: 1.0\r\nContent-Type: " + type + "; boundary=" + boundary + "\r\n\r\n";
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
  for (const char *file :
       {"signed.eml", "opaque-signed.eml", "enveloped.eml", "compressed.eml", "certs-only.eml"}) {
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
  STRCMP_EQUAL(
      "2.1", walk(mixed("b1", {text_part, forwarded(encrypted)})).uninspectable.at(0).path.c_str());
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
                       "Content-Transfer-Encoding: base64\r\n\r\n" +
                           body);
  classes("encrypted", "Content-Type: image/png; name=cat.png\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\n" +
                           body);
  classes("encrypted",
          "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body);
}

TEST(Walk, CmsOfAnyContentType) {
  const std::string folder = "cases/field/28-other-enveloped-types/";
  for (const char *file : {"signedAndEnveloped-octet.eml", "sm2-octet.eml"}) {
    std::string message = read_data(folder + file);
    classes("encrypted", message);
    std::size_t type = message.find("application/octet-stream");
    classes("encrypted",
            message.replace(type, 24, "application/pkcs7-mime; smime-type=enveloped-data"));
  }
  // ContentInfo of a private type: of definite and of indefinite length.
  const std::string type("\x06\x06\x2b\x06\x01\x04\x01\x01", 8);
  const std::string inside("\x30\x0a\x04\x08"
                           "encrypts",
                           12);
  for (const std::string &info : {"\x30\x16" + type + "\xa0\x0c" + inside,
                                  "\x30\x80" + type + "\xa0\x80" + inside + std::string(4, '\0')}) {
    for (const char *label : {"application/octet-stream", "text/plain", "image/png",
                              "application/pkcs7-mime; name=smime.p7m"}) {
      Report report = walk("Content-Type: " + std::string(label) +
                           "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64(info));
      STRCMP_EQUAL("plain", join_class_names(report.classes).c_str());
      LONGS_EQUAL(1, report.uninspectable.size());
      STRCMP_EQUAL("unsupported-cms", report.uninspectable.at(0).reason.c_str());
    }
  }
}

TEST(Walk, ASignedDocumentIsAFile) {
  auto is_file = [this](const std::string &message) {
    Report report = walk(message);
    STRCMP_EQUAL("opaque-signed", join_class_names(report.classes).c_str());
    CHECK(report.signature == SignatureStatus::unknown);
    LONGS_EQUAL(1, report.layers.size());
    CHECK(report.uninspectable.empty());
  };
  const std::string invoice = read_data("cases/field/29-p7m-document-attached/fattura.eml");
  is_file(invoice);
  auto with_name = [&](std::string message, const std::string &name) {
    for (std::size_t at = message.find("fattura.pdf.p7m"); at != std::string::npos;
         at = message.find("fattura.pdf.p7m"))
      message.replace(at, 15, name);
    return message;
  };
  for (const char *name : {"IT01234567890_00001.xml.p7m", "smime.p7m", "document.bin"})
    is_file(with_name(invoice, name));
  std::string octets = invoice;
  octets.replace(octets.find("application/pkcs7-mime"), 22, "application/octet-stream");
  is_file(octets);
  // A message that somebody signed with a document in it, and the part that a list put beside
  // its own text, are as before.
  const std::string opaque = read_data("opaque-signed.eml");
  CHECK(walk(opaque).signature == SignatureStatus::signed_);
  CHECK(walk(mixed("b1", {text_part, opaque})).signature == SignatureStatus::signed_);
}

TEST(Walk, LabelsWithoutContentAreMalformed) {
  classes("encrypted malformed",
          "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n"
          "Content-Transfer-Encoding: base64\r\n\r\nbm90aGluZw==\r\n");
  classes("malformed", "Content-Type: application/octet-stream; name=smime.p7m\r\n\r\nhello\r\n");
  classes("signed malformed",
          mixed("b1", {text_part}, "multipart/signed; protocol=\"application/pkcs7-signature\""));
  classes("signed malformed",
          "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"\r\n\r\n");
}

TEST(Walk, PgpMime) {
  std::string version = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n";
  std::string data =
      "Content-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n";
  classes("pgp-encrypted", mixed("b1", {version, data},
                                 "multipart/encrypted; protocol=\"application/pgp-encrypted\""));
  classes("pgp-encrypted", mixed("b1", {version, data}, "multipart/encrypted"));
  std::string signature =
      "Content-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n";
  classes("pgp-signed", mixed("b1", {text_part, signature},
                              "multipart/signed; protocol=\"application/pgp-signature\""));
}

TEST(Walk, InlineArmor) {
  classes("pgp-encrypted", "Subject: x\r\n\r\nHi\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n");
  classes("pgp-signed", "Subject: x\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nabc\r\n");
  classes("pgp-encrypted", "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                           "=2D----BEGIN PGP MESSAGE-----\r\n\r\nabcd\r\n");
  classes("pgp-encrypted", "Subject: x\r\n\r\n> -----BEGIN PGP MESSAGE-----\r\n>\r\n> abcd\r\n");
  classes("plain", "Subject: x\r\n\r\nSee: -----BEGIN PGP MESSAGE-----\r\n");
  classes("pgp-encrypted", "Subject: x\r\n\r\n" + std::string(100000, 'x') +
                               "\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nabcd");
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

// What of the protected content has no room in the list is at least counted.
TEST(Walk, ProtectedEntitiesAreCounted) {
  for (std::size_t count : {1UL, Report::max_list, Report::max_list + 1, 3 * Report::max_list}) {
    Report report = walk(mixed("b1", std::vector<std::string>(count, read_data("enveloped.eml"))));
    LONGS_EQUAL(std::min(count, Report::max_list), report.protected_entities.size());
    LONGS_EQUAL(count, report.protected_entities.size() + report.protected_dropped);
  }
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
        filler + label.substr(0, 14) +
            "multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"}) {
    Report report = walk(message);
    CHECK(report.classes.has(MessageClass::malformed));
    CHECK(report.scan == ScanVerdict::uninspectable);
    STRCMP_EQUAL("header-too-long", report.errors.at(0).code.c_str());
  }
}

TEST(Walk, EncodedMultipartsAreMalformed) {
  Report report = walk("Content-Transfer-Encoding: base64\r\n" + mixed("b", {text_part}));
  STRCMP_EQUAL("malformed", join_class_names(report.classes).c_str());
  // Readers decode it in different ways: any of it may be signed.
  LONGS_EQUAL(1, report.protected_dropped);
}

TEST(Walk, NothingHidesBehindAFieldInAnEncodedMessage) {
  const std::string head = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: "
                           "quoted-printable\r\n\r\nContent-X: y\r\n";
  Report report =
      walk(head + "=43ontent-Type: application/pkcs7-mime; smime-type=3Denveloped-data; "
                  "name=3Dsmime.p7m\r\n\r\nMIIB\r\n");
  CHECK(report.classes.has(MessageClass::encrypted));
  CHECK(report.scan == ScanVerdict::uninspectable);
}

TEST(Walk, EveryTruncationIsSurvived) {
  std::string message =
      mixed("b1", {read_data("signed.eml"), forwarded(read_data("enveloped.eml"))});
  for (std::size_t length = 0; length < message.size(); length += 7)
    (void)walk(message.substr(0, length));
}

TEST(Walk, FindingsOfTheFuzzTargets) {
  for (const auto &entry : std::filesystem::directory_iterator(data_directory() + "/fuzz"))
    (void)walk(read_data("fuzz/" + entry.path().filename().string()));
}

TEST(Walk, TooLargeReport) {
  LONGS_EQUAL(1, report_out_of_time(5000, limits, test_tools()).protected_dropped);
  for (const auto &[file, expected] : std::initializer_list<std::pair<const char *, const char *>>{
           {"enveloped.eml", "encrypted malformed"}, {"signed.eml", "malformed"}}) {
    const std::string message = read_data(file);
    istream *input = i_stream_create_from_data(message.data(), message.size());
    Report report = report_too_large(input, 5000, limits);
    i_stream_unref(&input);
    LONGS_EQUAL(5000, report.size);
    LONGS_EQUAL(1, report.protected_dropped);
    STRCMP_EQUAL(expected, join_class_names(report.classes).c_str());
    CHECK(report.scan == ScanVerdict::uninspectable);
  }
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
    {"multipart",
     "Content-Type: multipart/mixed; boundary=c\r\n\r\na\r\n--c\r\n\r\nHello\r\n--c--\r\nb"},
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

namespace {

std::string gzip(const std::string &content) {
  z_stream stream{};
  LONGS_EQUAL(Z_OK, deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY));
  std::string input = content;
  std::string output(content.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<unsigned char *>(input.data());
  stream.avail_in = static_cast<unsigned>(input.size());
  stream.next_out = reinterpret_cast<unsigned char *>(output.data());
  stream.avail_out = static_cast<unsigned>(output.size());
  LONGS_EQUAL(Z_STREAM_END, deflate(&stream, Z_FINISH));
  output.resize(stream.total_out);
  (void)deflateEnd(&stream);
  return output;
}

std::string attached(const std::string &content,
                     const std::string &type = "application/octet-stream") {
  return "Content-Type: " + type + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         base64(content);
}

std::string joined(const std::vector<std::string> &parts, const std::string &boundary = "b1") {
  std::string text;
  for (const std::string &part : parts)
    text += "--" + boundary + "\r\n" + part + "\r\n";
  return text + "--" + boundary + "--\r\n";
}

// Something encrypted, in the forms in which it comes.
std::vector<std::string> encrypted_parts() {
  std::string cms = read_data("enveloped.eml");
  cms.erase(0, cms.find("\r\n\r\n") + 4);
  const std::string encoding = "Content-Transfer-Encoding: base64\r\n\r\n" + cms;
  const std::string armor =
      "-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n-----END PGP MESSAGE-----\r\n";
  const std::string zip("PK\3\4\x14\0\1\0\0\0", 10);
  return {
      "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n" +
          encoding,
      "Content-Type: application/x-pkcs7-mime\r\n" + encoding,
      "Content-Type: application/octet-stream; name=\"smime.p7m\"\r\n" + encoding,
      "Content-Disposition: attachment; filename=smime.p7m\r\n" + encoding,
      "Content-Type: application/octet-stream\r\n" + encoding,
      "Content-Type: text/plain\r\n\r\n" + armor,
      attached("Hi\r\n" + armor, "text/plain"),
      "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; "
      "boundary=pgp\r\n\r\n" +
          joined({"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n",
                  "Content-Type: application/octet-stream\r\n\r\n" + armor},
                 "pgp"),
      attached(zip + std::string(100, 'x'), "application/zip; name=a.zip"),
  };
}

struct Obstacle {
  const char *name;
  // A message with the part behind it or in it.
  std::string (*around)(const std::string &part);
  void (*limit)(Limits &limits);
};

void no_limit(Limits &) {}

std::string many_parts(std::size_t count, const std::string &part) {
  std::vector<std::string> parts(count);
  parts.push_back(part);
  return mixed("b1", parts);
}

std::string nested(std::string part) {
  for (int i = 0; i < 200; i++)
    part = mixed("d" + std::to_string(i), {part});
  return part;
}

std::string behind(const std::string &obstacle, const std::string &part) {
  return mixed("b1", {obstacle, part});
}

const std::string &bomb() {
  static const std::string part = attached(gzip(std::string(2000000, '\0')));
  return part;
}

const Obstacle obstacles[] = {
    {"many parts", [](const std::string &part) { return many_parts(200, part); },
     [](Limits &limits) { limits.max_parts = 100; }},
    {"as many parts as are too many by default",
     [](const std::string &part) { return many_parts(10000, part); }, no_limit},
    {"deep nesting before it",
     [](const std::string &part) { return behind(nested(text_part), part); }, no_limit},
    {"deep nesting around it", [](const std::string &part) { return nested(part); }, no_limit},
    {"much that comes out", [](const std::string &part) { return behind(bomb(), part); },
     [](Limits &limits) { limits.max_expanded_size = 100000; }},
    {"much that comes out, far away",
     [](const std::string &part) {
       return mixed("b1", {bomb(), "\r\n" + std::string(1000000, 'x'), part});
     },
     [](Limits &limits) { limits.max_expanded_size = 100000; }},
    {"much that comes out, in an attached message",
     [](const std::string &part) {
       return attached(mixed("b2", {bomb(), part}));
     },
     [](Limits &limits) { limits.max_expanded_size = 1500000; }},
    {"layers in layers",
     [](const std::string &part) {
       std::string layers = mixed("e", {text_part});
       for (int i = 0; i < 20; i++)
         layers = mixed("e", {attached(layers)});
       return behind(attached(layers), part);
     },
     no_limit},
    {"no time", [](const std::string &part) { return behind(bomb(), part); },
     [](Limits &limits) { limits.timeout = 0; }},
    {"a large document",
     [](const std::string &part) {
       return behind(attached("7z\xbc\xaf\x27\x1c" + std::string(100000, 'x')), part);
     },
     [](Limits &limits) { limits.max_document_size = 1000; }},
    {"an encoded message before it",
     [](const std::string &part) {
       return behind(attached("Subject: x\r\n\r\nbody\r\n", "message/rfc822"), part);
     },
     no_limit},
    {"an encoded message around it",
     [](const std::string &part) { return attached(mixed("b2", {part}), "message/rfc822"); },
     no_limit},
    {"an encoded message around it, as a part",
     [](const std::string &part) {
       return mixed("b1", {text_part, attached(mixed("b2", {part}), "message/rfc822"), text_part});
     },
     no_limit},
    {"an encoded multipart",
     [](const std::string &part) {
       return attached(joined({text_part, part}), "multipart/mixed; boundary=b1");
     },
     no_limit},
    {"two boundaries, of which the second is there",
     [](const std::string &part) {
       return "Content-Type: multipart/mixed; boundary=a; boundary=b1\r\n\r\n--a\r\n\r\nx\r\n" +
              joined({part}) + "--a--\r\n";
     },
     no_limit},
    {"two fields that contradict",
     [](const std::string &part) {
       return "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n" +
              joined({part});
     },
     no_limit},
    {"two fields that contradict, in a part",
     [](const std::string &part) {
       return mixed("b2", {text_part,
                           "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b1"
                           "\r\n\r\n" +
                               joined({part})});
     },
     no_limit},
    {"a long header",
     [](const std::string &part) {
       return mixed(
           "b1",
           {"Content-Type: text/plain; x=" + std::string(200000, 'x') + "\r\n\r\nHello\r\n", part});
     },
     no_limit},
    {"a long header around it",
     [](const std::string &part) {
       return "Content-Type: multipart/mixed; x=" + std::string(200000, 'x') +
              "; boundary=b1\r\n\r\n" + joined({part});
     },
     no_limit},
    {"no boundary",
     [](const std::string &part) {
       return "Content-Type: multipart/mixed\r\n\r\n" + joined({part});
     },
     no_limit},
    {"a boundary that never comes",
     [](const std::string &part) {
       return "Content-Type: multipart/mixed; boundary=other\r\n\r\n" + joined({part});
     },
     no_limit},
    {"a boundary that never comes, far away",
     [](const std::string &part) {
       return "Content-Type: multipart/mixed; boundary=other\r\n\r\n" + std::string(1000000, 'x') +
              "\r\n" + joined({part});
     },
     no_limit},
};

} // namespace

// What is encrypted is known for that, whatever stands before it: where a bound ends the
// opening, or readers see other parts, the labels are still read.
TEST(Walk, EncryptionBehindEveryBound) {
  for (const Obstacle &obstacle : obstacles) {
    limits = {};
    obstacle.limit(limits);
    std::size_t number = 0;
    for (const std::string &part : encrypted_parts()) {
      std::string what = std::string(obstacle.name) + ", form " + std::to_string(number++);
      Report report = walk(obstacle.around(part));
      CHECK_TEXT(report.classes.intersects(any_encrypted_classes), what.c_str());
      CHECK_TEXT(report.scan == ScanVerdict::uninspectable, what.c_str());
      CHECK_TEXT(!report.uninspectable.empty(), what.c_str());
      // The plugin protects what is mail.
      CHECK_TEXT(!report.protected_entities.empty() || report.protected_dropped > 0 ||
                     report.classes.has(MessageClass::encrypted_archive),
                 what.c_str());
    }
  }
}

// And nothing else is: of plain mail a bound makes no encrypted mail.
TEST(Walk, NothingEncryptedBehindBounds) {
  for (const Obstacle &obstacle : obstacles) {
    limits = {};
    obstacle.limit(limits);
    Report report = walk(obstacle.around(text_part));
    CHECK_TEXT(!report.classes.intersects(any_encrypted_classes), obstacle.name);
    // An encoded message is decoded, and is no bound.
    bool is_bound = !std::string_view(obstacle.name).starts_with("an encoded message");
    CHECK_TEXT(!is_bound || report.scan == ScanVerdict::uninspectable, obstacle.name);
  }
}

namespace {

std::string report_of(const std::string &returned, const std::string &type = "message/rfc822") {
  return mixed("r",
               {text_part, "Content-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n",
                "Content-Type: " + type + "\r\n\r\n" + returned},
               "multipart/report; report-type=delivery-status");
}

std::string multipart(const std::string &body, const std::string &parameters = "; boundary=never") {
  return "MIME-Version: 1.0\r\nContent-Type: multipart/mixed" + parameters + "\r\n\r\n" + body;
}

std::string two_parts(const std::string &boundary) {
  return "--" + boundary + "\r\n" + text_part + "\r\n--" + boundary + "\r\n" + text_part +
         "\r\n--" + boundary + "--\r\n";
}

std::string with_encoding(const std::string &word, const std::string &content,
                          const std::string &type = "image/png") {
  return "Content-Type: " + type + "\r\nContent-Transfer-Encoding: " + word + "\r\n\r\n" + content;
}

std::string fields(const std::string &first, const std::string &second,
                   const std::string &body = "Hi\r\n") {
  return first + "\r\n" + second + "\r\n\r\n" + body;
}

const std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89",
                      33);
const std::string orig = "From: a@example.org\r\nContent-Type: ";
const std::string locked = std::string("PK\3\4\x14\0\1\0\0\0", 10) + std::string(100, 'x');
const std::string pgp_armor = "-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n";

std::string cms_lines() {
  std::string cms = read_data("enveloped.eml");
  return cms.substr(cms.find("\r\n\r\n") + 4);
}

struct Named {
  const char *name;
  std::string message;
};

// Nothing of it was left unread.
std::vector<Named> honest() {
  return {
      {"header of a multipart", report_of(orig + "multipart/mixed; boundary=o\r\n")},
      {"and its empty line", report_of(orig + "multipart/mixed; boundary=o\r\n\r\n\r\n")},
      {"as headers", report_of(orig + "multipart/mixed; boundary=o\r\n", "message/rfc822-headers")},
      {"header of opaque-signed mail",
       report_of(orig + "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n")},
      {"header of encrypted mail",
       report_of(orig + "application/pkcs7-mime; smime-type=enveloped-data\r\n")},
      {"header of clear-signed mail",
       report_of(orig +
                 "multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=o\r\n")},
      {"header of PGP mail",
       report_of(orig +
                 "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=o\r\n")},
      {"empty signature",
       mixed("b1", {text_part, "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
                               "Content-Transfer-Encoding: base64\r\n\r\n\r\n"})},
      {"empty file, compressed", mixed("b1", {text_part, attached(gzip(""), "application/gzip")})},
      {"boundary that is not used", multipart("some text\r\n")},
      {"with a signature's line", multipart("some text\r\n-- \r\nJane\r\n")},
      {"closing delimiter alone", multipart("--never--\r\n")},
      {"no body", multipart("")},
      {"empty multipart in another",
       mixed("b1",
             {text_part, "Content-Type: multipart/alternative; boundary=c\r\n\r\n--c--\r\n"})},
      {"no boundary parameter", multipart("plain text\r\n", "")},
      {"body removed", report_of(orig + "multipart/mixed; boundary=o\r\n\r\n[body removed]\r\n")},
      {"type twice, quoted once", fields("Content-Type: text/plain; charset=utf-8",
                                         "Content-Type: text/plain; charset=\"UTF-8\"")},
      {"two types of text", fields("Content-Type: text/plain", "Content-Type: text/html")},
      {"multipart twice",
       fields("Content-Type: multipart/mixed; boundary=b1",
              "Content-Type: multipart/mixed; boundary=\"b1\"", joined({text_part}))},
      {"7bit and 8bit",
       fields("Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: 8bit")},
      {"quoted-printable and 8bit",
       fields("Content-Transfer-Encoding: quoted-printable", "Content-Transfer-Encoding: 8bit")},
      {"8-bit", with_encoding("8-bit", png)},
      {"7-bit", with_encoding("7-bit", "Hello\r\n")},
      {"8bits", with_encoding("8bits", base64(png))},
      {"utf-8", with_encoding("utf-8", "Hello\r\n", "application/json")},
      {"None", with_encoding("None", png)},
      {"BASE-64", with_encoding("BASE-64", base64(png))},
      {"a word of no meaning", with_encoding("x-mine", png)},
      {"a word of no meaning for a text", with_encoding("x-mine", "Hello\r\n", "text/plain")},
      {"boundary in the form of RFC 2231",
       multipart(two_parts("=b="), "; boundary*0*=us-ascii''%3Db; boundary*1*=%3D")},
      {"boundary in pieces", multipart(two_parts("ab"), "; boundary*0=a; boundary*1=b")},
      {"parameter without a value", multipart(two_parts("M"), "; protected; boundary=M")},
      {"no semicolon", multipart(two_parts("M"), " boundary=\"M\"")},
      {"boundary with signs that want quotes", multipart(two_parts("a/b:c"), "; boundary=a/b:c")},
      {"boundary of 90",
       multipart(two_parts(std::string(90, 'b')), "; boundary=" + std::string(90, 'b'))},
      {"blanks behind a delimiter", multipart("--M \r\n\r\nx\r\n--M--\t\r\n", "; boundary=M")},
      {"boundary that begins as the one around it",
       mixed("b", {text_part, mixed("b1", {text_part, text_part})})},
      {"a line that is no field", "Subject: x\r\nno field\r\n" + mixed("b", {text_part})},
      {"a line of blanks in a header", "Subject: x\r\n \r\n" + mixed("b", {text_part})},
      {"a blank before the colon", "Subject : x\r\n" + mixed("b", {text_part})},
      {"byte order mark", "\xef\xbb\xbf" + mixed("b", {text_part})},
      {"CR in a body", mixed("b", {"\r\nHel\rlo\r\n\r-- \rJane"})},
      {"text behind the last boundary", mixed("b", {text_part}) + "\r\n--\r\nA list\r\n"},
      {"text before the first boundary",
       multipart("This is a message in MIME.\r\n" + two_parts("b"), "; boundary=b")},
      {"fields in a text", "Subject: x\r\n\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nx"},
  };
}

// In the same clothes, something that a reader may open.
std::vector<Named> hiding() {
  const std::string cms = cms_lines();
  const std::string part =
      "Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
      base64(locked) + "\r\n";
  return {
      {"body behind a header", report_of(orig +
                                         "application/pkcs7-mime\r\nContent-Transfer-Encoding: "
                                         "base64\r\n\r\n" +
                                         cms)},
      {"body without an empty line", report_of(orig +
                                               "application/pkcs7-mime\r\n"
                                               "Content-Transfer-Encoding: base64\r\n" +
                                               cms)},
      {"body that is folded", report_of(orig + "application/pkcs7-mime\r\nx\r\n " +
                                        base64(std::string(3000, 'x')) + "\r\n")},
      {"damaged signature",
       mixed("b1", {text_part, "Content-Type: application/pkcs7-signature\r\n"
                               "Content-Transfer-Encoding: base64\r\n\r\nx\r\n"})},
      {"damaged gzip",
       mixed("b1", {text_part, attached(gzip("").substr(0, 12), "application/gzip")})},
      {"gzip behind nothing",
       mixed("b1", {text_part, attached(gzip("") + locked, "application/gzip")})},
      {"parts of another boundary", multipart("--other\r\n" + part + "--other--\r\n")},
      {"parts without a delimiter", multipart(part)},
      {"a field behind text", multipart("text\r\n\r\ncontent-type: x/y\r\n\r\nz\r\n")},
      {"after the closing delimiter", multipart("--never--\r\n--b\r\n" + part)},
      {"armor", multipart("text\r\n" + pgp_armor)},
      {"armor, no boundary", multipart("text\r\n" + pgp_armor, "")},
      {"archive", multipart(locked)},
      {"archive, no boundary", multipart(locked, "")},
      {"archive behind text", multipart("text\r\n" + locked)},
      {"CMS in base64", multipart(cms)},
      {"CMS in base64 behind text", multipart("text\r\n" + cms, "")},
      {"CR for line ends", multipart("text\r--b\rContent-Type: x/y\r\rz\r")},
      {"encoded", "Content-Transfer-Encoding: base64\r\n" + multipart(base64(part))},
      {"quoted-printable armor", "Content-Transfer-Encoding: quoted-printable\r\n" +
                                     multipart("=2D----BEGIN PGP MESSAGE-----\r\n")},
      {"PGP/MIME without parts", "Content-Type: multipart/encrypted; boundary=o\r\n\r\nabc\r\n"},
      {"two types", fields("Content-Type: text/plain", "Content-Type: application/zip")},
      {"two names", fields("Content-Type: application/zip; name=a",
                           "Content-Type: application/zip; name=smime.p7m")},
      {"two boundaries", fields("Content-Type: multipart/mixed; boundary=b1",
                                "Content-Type: multipart/mixed; boundary=b2", joined({text_part}))},
      {"armor in quoted-printable",
       fields("Content-Transfer-Encoding: quoted-printable", "Content-Transfer-Encoding: 8bit",
              "=2D----BEGIN PGP MESSAGE-----\r\n\r\nabcd\r\n")},
      {"armor in what the second says is quoted-printable",
       fields("Content-Transfer-Encoding: 8bit", "Content-Transfer-Encoding: quoted-printable",
              "=2D----BEGIN PGP MESSAGE-----\r\n\r\nabcd\r\n")},
      {"armor behind a soft break",
       fields("Content-Transfer-Encoding: quoted-printable", "Content-Transfer-Encoding: 8bit",
              "x=\r\n" + pgp_armor)},
      {"base64 and quoted-printable",
       fields("Content-Transfer-Encoding: quoted-printable", "Content-Transfer-Encoding: base64")},
      {"archive said to be 8-bit", with_encoding("8-bit", locked)},
      {"archive in base64 said to be 8-bit", with_encoding("8-bit", base64(locked))},
      {"archive in base64 said to be None", with_encoding("None", base64(locked), "text/plain")},
      {"archive said to be BASE-64", with_encoding("BASE-64", base64(locked))},
      {"CMS said to be BASE-64", with_encoding("BASE-64", cms)},
      {"CMS said to be utf-8", with_encoding("utf-8", cms)},
      {"armor said to be 7-bit", with_encoding("7-bit", pgp_armor)},
      {"armor behind base64",
       with_encoding("7-bit", base64(std::string(300, 'x')) + "\r\n" + pgp_armor)},
      {"no base64 said to be BASE-64", with_encoding("BASE-64", "#\r\n" + base64(locked))},
      {"uuencoded behind an image",
       with_encoding("x-uuencode", png + "\r\nbegin 644 a\r\n#86)C\r\n")},
      {"a word of no meaning", with_encoding("x-mine", "abc def\r\n")},
      {"base64 and more", with_encoding("base64, x", base64(locked), "text/plain")},
      {"base64 in quotes", with_encoding("\"base64\"", "\r\n\r\n" + base64(locked), "text/plain")},
      {"quoted-printable and more",
       with_encoding("quoted-printable x", "=50=4B=03=04=14=00=01=00=00=00=78=78=78=78\r\n",
                     "text/plain")},
      {"text said to be x-uuencode", with_encoding("x-uuencode", "abc def\r\n", "text/plain")},
      {"archive that is called base64", with_encoding("base64", locked)},
      {"boundary in the form of RFC 2231",
       multipart("--b\r\n" + part + "--b--\r\n", "; boundary*=us-ascii''%62")},
      {"parameter without a value",
       multipart("--b\r\n" + part + "--b--\r\n", "; protected; boundary=b")},
      {"no semicolon", multipart("--b\r\n" + part + "--b--\r\n", " boundary=b")},
      {"escape in a boundary",
       multipart("--a\\b\r\n" + part + "--a\\b--\r\n", "; boundary=\"a\\b\"")},
      {"delimiter that goes on", multipart("--b\r\n" + part.substr(0, part.find("\r\n\r\n") + 4) +
                                               "--bx\r\n" + base64(locked) + "\r\n--b--\r\n",
                                           "; boundary=b")},
      {"delimiter that is cut",
       multipart("--" + std::string(81, 'b') + "\r\n\r\nx\r\n--" + std::string(80, 'b') + "\r\n" +
                     part + "\r\n--" + std::string(81, 'b') + "--\r\n",
                 "; boundary=" + std::string(81, 'b'))},
      {"boundary that ends in a blank",
       multipart("--b\r\n" + part + "--b--\r\n", "; boundary=\"b \"")},
      {"no empty line", "Content-Type: application/zip\r\nContent-Transfer-Encoding: "
                        "base64\r\n" +
                            base64(locked)},
      {"no empty line in a part",
       mixed("b", {"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n" +
                   base64(locked)})},
      {"empty line in a header",
       "Content-Type: application/octet-stream; x-mode=0600;\r\n\r\nname=a\r\n"
       "Content-Transfer-Encoding: base64\r\n\r\n" +
           base64(locked)},
      {"CR in a header", "Subject: x\rContent-Type: application/zip\rContent-Transfer-Encoding: "
                         "base64\r\n\r\n" +
                             base64(locked)},
      {"CR before a boundary",
       mixed("b", {"\r\nx\r--b\rContent-Transfer-Encoding: base64\r\r" + base64(locked)})},
      {"byte order mark before the type", "\xef\xbb\xbf"
                                          "Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
                                              joined({part}, "b")},
      {"a boundary that another one's last line is",
       mixed("b--", {mixed("b", {"Content-Type: application/zip\r\n--b--\r\n\r\n" + locked})})},
      {"parts behind the last boundary",
       mixed("b", {text_part}) + "Content-Type: application/zip\r\n\r\n" + locked},
      {"a boundary behind the last one", mixed("b", {text_part}) + "x\r\n\r\n--b\r\n" + part},
      {"armor before the first part",
       multipart(pgp_armor + "\r\n" + two_parts("b"), "; boundary=b")},
      {"armor behind the last part", mixed("b", {text_part}) + "\r\n" + pgp_armor},
      {"armor in a header", "Subject: x\r\n" + pgp_armor + "\r\n"},
      {"message of unknown encoding", "Content-Type: message/rfc822\r\n"
                                      "Content-Transfer-Encoding: x-uuencode\r\n\r\nabc\r\n"},
  };
}

} // namespace

TEST(Walk, WhatIsReadIsNotCalledUninspectable) {
  for (const Named &one : honest()) {
    Report report = walk(one.message);
    CHECK_TEXT(report.uninspectable.empty(), one.name);
    CHECK_TEXT(report.scan != ScanVerdict::uninspectable, one.name);
    CHECK_TEXT(!report.classes.intersects(any_encrypted_classes), one.name);
  }
}

TEST(Walk, WhatHidesInTheSameClothesIsFound) {
  for (const Named &one : hiding()) {
    Report report = walk(one.message);
    CHECK_TEXT(!report.uninspectable.empty(), one.name);
    CHECK_TEXT(report.scan == ScanVerdict::uninspectable, one.name);
  }
}

TEST(Walk, EncodedMessagesAreDecoded) {
  const std::string head = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: ";
  classes("plain", head + "base64\r\n\r\nU3ViamVjdDogeA0KDQo=\r\n");
  Report report = walk(head + "base64\r\n\r\n" + base64(read_data("enveloped.eml")));
  STRCMP_EQUAL("encrypted", join_class_names(report.classes).c_str());
  STRCMP_EQUAL("1/1", report.uninspectable.at(0).path.c_str());
  // What is in it is signed or encrypted as it is.
  CHECK(!report.protected_entities.empty());
  // What is only called so is read as it is.
  classes("encrypted", head + "base64\r\n\r\n" + read_data("enveloped.eml"));
}

// Readings in readings cost no more than so many of them.
TEST(Walk, ReadingsAreBounded) {
  std::string message = text_part;
  for (int level = 0; level < 40; level++)
    message = "no field\r\nContent-Type: message/rfc822\r\n\r\n" + message;
  Report report = walk(message);
  CHECK(report.classes.has(MessageClass::malformed));
  CHECK(report.scan == ScanVerdict::uninspectable);
}

// A signature under a parameter without a value is one.
TEST(Walk, SignedUnderAFieldThatLibMailDoesNotRead) {
  std::string message = read_data("signed.eml");
  std::size_t at = message.find("multipart/signed;");
  CHECK(at != std::string::npos);
  message.insert(at + 17, " protected;");
  Report report = walk(message);
  STRCMP_EQUAL("signed", join_class_names(report.classes).c_str());
  LONGS_EQUAL(1, report.layers.size());
  STRCMP_EQUAL("1", report.layers.at(0).path.c_str());
  CHECK(!report.protected_entities.empty() || report.protected_dropped > 0);
}

TEST(Walk, MarkBeforeTheFirstField) {
  Report report = walk("\xef\xbb\xbf" + read_data("signed.eml"));
  STRCMP_EQUAL("signed", join_class_names(report.classes).c_str());
  CHECK(walk("\xef\xbb\xbf"
             "Content-Type: application/pkcs7-mime; name=smime.p7m\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\n" +
             cms_lines())
            .classes.has(MessageClass::encrypted));
}

namespace {

std::string long_header() {
  std::string header;
  for (int i = 0; i < 100; i++)
    header += "Received: from a.example.org by b.example.org; Sat, 28 Nov 2026 10:00:00 +0000\r\n";
  return header;
}

std::string with_file(const std::string &content, const std::string &name,
                      const std::string &type = "application/octet-stream") {
  return mixed("f", {text_part, "Content-Type: " + type + "\r\nContent-Disposition: attachment; " +
                                    name + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                                    base64(content)});
}

} // namespace

TEST(Walk, MessagesInFiles) {
  const std::string mail =
      "From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n" + read_data("enveloped.eml");
  const std::string from = "From a@example.org Sat Nov 28 10:00:00 2026\r\n";
  const std::string plain = "From: a@example.org\r\nSubject: x\r\n\r\nHello\r\n\r\n";
  const std::vector<Named> files = {
      {"long header", with_file(long_header() + mail, "filename=x")},
      {"long field first",
       with_file("X-Pad: " + std::string(3000, 'x') + "\r\n" + mail, "filename=x.eml")},
      {"text/plain", with_file(mail, "filename=x.eml", "text/plain")},
      {"RFC 2231", with_file(mail, "filename*=utf-8''x%2eeml", "text/plain")},
      {"pieces", with_file(mail, "filename*0=x.; filename*1=eml", "text/plain")},
      {"RFC 2047", with_file(mail, "filename=\"=?utf-8?B?eC5lbWw=?=\"", "text/plain")},
      {"name in the type", with_file(mail, "x=y", "text/plain; name*=utf-8''x.eml")},
      {"byte order mark", with_file("\xef\xbb\xbf" + mail, "filename=x")},
      {"blank lines", with_file("\r\n\r\n" + mail, "filename=x")},
      {"emlx", with_file("1057 \n" + mail + "<?xml?>", "filename=x")},
      {"mbox", with_file(from + mail, "filename=x")},
      {"second of an mbox", with_file(from + plain + from + mail, "filename=x")},
      {"last of an mbox", with_file(from + plain + from + plain + from + mail, "filename=x")},
      {"no empty line before it",
       "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=x.eml\r\n"
       "Content-Transfer-Encoding: base64\r\n" +
           base64(mail)},
      {"an empty line within the header",
       "Content-Type: text/plain; name=x.eml\r\n\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           base64(mail)},
      {"a blank first line",
       " \r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n" + base64(mail)},
      {"no field first", with_file("x\r\n" + mail, "filename=x.eml", "message/rfc822")},
  };
  for (const Named &file : files) {
    Report report = walk(file.message);
    CHECK_TEXT(report.classes.has(MessageClass::encrypted), file.name);
    CHECK_TEXT(!report.uninspectable.empty(), file.name);
    CHECK_TEXT(!report.classes.has(MessageClass::malformed), file.name);
  }
  for (const std::string &file :
       {plain, from + plain + from + plain, "\xef\xbb\xbf" + plain, "12\n" + plain,
        std::string("From here to there\r\n"), std::string("12\n13\n14\n"), std::string()})
    for (const char *name : {"filename=x", "filename=x.eml", "filename=x.mbox"}) {
      classes("plain", with_file(file, name));
      classes("plain", with_file(file, name, "text/plain"));
    }
}

TEST(Walk, SomethingElseBehindAMailHeader) {
  const std::string header = "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n";
  std::string rar = read_data("files/libarchive/test_read_format_rar5_encrypted_filenames.rar");
  CHECK(!walk(with_file(header + rar, "filename=x")).uninspectable.empty());
  CHECK(!walk(with_file(header + locked, "filename=x")).uninspectable.empty());
}

// A layer's own class is known, whatever bound is met inside.
TEST(Walk, BoundInsideOfALayer) {
  std::string message = read_data("opaque-signed.eml");
  limits.max_expanded_size = 10;
  Report report = walk(message);
  CHECK(report.classes.has(MessageClass::opaque_signed));
  CHECK(report.classes.has(MessageClass::malformed));
  LONGS_EQUAL(1, report.protected_entities.size());
}
