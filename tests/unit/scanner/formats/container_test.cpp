// Containers that are recognised by more than a few bytes.
#include "scanner/formats/container.h"
#include "scanner/formats/kinds.h"

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/data.h" // and CppUTest, which redefines new

using namespace smime;
using namespace std::string_literals;

namespace {

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

// As tar wrote it before there was a magic number.
std::string tar_header(std::string name) {
  std::string header = std::move(name);
  header.resize(100, '\0');
  header += "0000644\0"
            "0000000\0"
            "0000000\0"
            "00000000012\0"
            "00000000000\0"s;
  header += "        0";
  header.resize(512, '\0');
  unsigned sum = 0;
  for (char c : header)
    sum += static_cast<unsigned char>(c);
  std::string digits;
  for (int shift = 15; shift >= 0; shift -= 3)
    digits += static_cast<char>('0' + (sum >> shift & 7U));
  return header.replace(148, 8, digits + "\0 "s);
}

std::string binary_cpio(bool little) {
  std::string header;
  auto add = [&](unsigned value) {
    char low = static_cast<char>(value & 0xff);
    char high = static_cast<char>(value >> 8U);
    header += little ? std::string{low, high} : std::string{high, low};
  };
  for (unsigned value : {0x71c7U, 1U, 2U, 0x81a4U, 0U, 0U, 1U, 0U, 0U, 0U, 6U, 0U, 0U})
    add(value);
  return header + "a.txt\0text"s;
}

} // namespace

TEST_GROUP(Containers){};

TEST(Containers, ATarArchiveIsProvenByItsChecksum) {
  CHECK(is_tar(as_bytes(tar_header("a.txt"))));
  std::string header = tar_header("Content-Type: text/plain\n\n");
  CHECK(is_tar(as_bytes(header)));
  STRCMP_EQUAL("tar archive", std::string(recognise(as_bytes(header), {})->name).c_str());
  header[3]++;
  CHECK(!is_tar(as_bytes(header)));
  CHECK(!is_tar(as_bytes(std::string(512, '\0'))));
  CHECK(!is_tar(as_bytes(std::string(512, '0'))));
  CHECK(!is_tar(as_bytes("a.txt")));
}

TEST(Containers, CpioInEachForm) {
  CHECK(is_cpio(as_bytes("070701" + std::string(104, '0') + "a\0"s)));
  CHECK(is_cpio(as_bytes("070702" + std::string(104, 'a'))));
  CHECK(is_cpio(as_bytes("070707" + std::string(70, '7'))));
  CHECK(is_cpio(as_bytes(binary_cpio(true))));
  CHECK(is_cpio(as_bytes(binary_cpio(false))));
  CHECK(!is_cpio(as_bytes("070701 is a number\r\n")));
  CHECK(!is_cpio(as_bytes("\xc7\x71 and some text that is no header at all.")));
}

TEST(Containers, OthersByWhatTheySay) {
  CHECK(is_lha(as_bytes("\x20P-lz5-\x9c"
                        "0123456789012345")));
  CHECK(!is_lha(as_bytes("a -lh5 and more, a text of a few words")));
  CHECK(is_bzip2(as_bytes("BZh91AY&SY")));
  CHECK(!is_bzip2(as_bytes("BZh is a name of three letters")));
  CHECK(is_lzma(as_bytes("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0 data"s)));
  CHECK(!is_lzma(as_bytes("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\1 data"s)));
  CHECK(!is_skippable_frame(as_bytes("PQM\x18 and more")));
  CHECK(is_skippable_frame(as_bytes("\x5f\x2a\x4d\x18\0\0\0\0"s)));
}

TEST(Containers, TerminfoIsNoArchive) {
  CHECK(is_arc(as_bytes("\x1a\x08README.TXT\0\0\0 and numbers, and data"s)));
  CHECK(!is_arc(as_bytes("\x1a\1\x2a\0\x1e\0\x10\0\x69\1\xd7\3ansi|ansi terminal|and more"s)));
}

TEST(Containers, ChanceIsNone) {
  std::mt19937 random{20261129};
  for (unsigned i = 0; i < 20000; i++) {
    std::vector<unsigned char> bytes(2048);
    for (unsigned char &byte : bytes)
      byte = static_cast<unsigned char>(random());
    CHECK(!is_tar(bytes) && !is_cpio(bytes) && !is_lha(bytes) && !is_lzma(bytes) &&
          !is_mac_binary(bytes) && !is_apple_single(bytes) && !is_arc(bytes) && !is_fat(bytes) &&
          !is_ext(bytes) && !is_hfs(bytes) && !is_partitioned(bytes));
  }
}

TEST(Containers, NamesOfVolumes) {
  for (const char *name : {"a.7z.001", "a.zip.002", "A.Z01", "a.r00", "a.part2.rar", "a.part10.RAR",
                           "a.part1.exe", "a.tar.012", "a.a01", "a.c00", "a.zx01"})
    CHECK_TEXT(is_volume_name(name), name);
  for (const char *name : {"a.zip", "a.rar", "apart2.rar", "a.7z", "001", "a.h12345678", "a.z1",
                           "report.2024a", "", "a."})
    CHECK_TEXT(!is_volume_name(name), name);
}

TEST(Containers, WhatIsSaidAtTheEndIsInTheTable) {
  std::string koly = "koly\0\0\0\4\0\0\2\0"s + std::string(500, '\0');
  CHECK(kind_named(kind_at_end(as_bytes("x" + koly))).look == Look::named);
  CHECK(kind_named(kind_at_end(as_bytes("conectix" + std::string(504, 'x')))).look == Look::named);
  STRCMP_EQUAL("encrypted-archive",
               std::string(kind_named(kind_at_end(as_bytes("xxcdsaencr"))).reason).c_str());
  CHECK(kind_named(kind_at_end(as_bytes("NER5\0\0\0\0\0\0\0\0"s))).look == Look::named);
  CHECK(kind_at_end(as_bytes("nothing")).empty());
  CHECK(kind_at_end({}).empty());
}

TEST(Containers, EmbeddedOnesHaveToBeProven) {
  CHECK(embedded_container(as_bytes(read_data("files/py7zr/encrypted_3.7z"))) ==
        Container::seven_zip);
  CHECK(embedded_container(as_bytes(read_data("files/rarfile/rar5-hpsw.rar"))) == Container::rar5);
  CHECK(embedded_container(as_bytes(read_data("files/rarfile/rar3-comment-psw.rar"))) ==
        Container::rar);
  std::string zip = read_data("files/msoffcrypto/example.docx");
  CHECK(embedded_container(as_bytes(zip)) == Container::zip);
  CHECK(embedded_container(as_bytes(zip.substr(0, 10))) == Container::none);
  CHECK(embedded_container(as_bytes("PK\3\4 in a program that knows the name of zip files")) ==
        Container::none);
  CHECK(embedded_container(as_bytes("7z\xbc\xaf\x27\x1c is in libarchive, and in others")) ==
        Container::none);
  CHECK(embedded_container(as_bytes("Rar!\x1a\7\0 is in libarchive, and in others"s)) ==
        Container::none);
  CHECK(embedded_container(as_bytes("MSCF\0\0\0\0 is in libarchive, and in others"s)) ==
        Container::none);
}
