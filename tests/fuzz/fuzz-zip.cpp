// The second reading of zip archives: in whatever pieces they come, the same is found, and every
// byte that belongs to nothing is given out.
#include "fuzz.h"
#include "scanner/formats/container.h"
#include "scanner/formats/rar4.h"
#include "scanner/formats/zip-structure.h"

#include <algorithm>
#include <cstddef>
#include <string>

using namespace smime;

namespace {

struct Reading {
  bool encrypted;
  bool is_volume;
  bool has_end;
  std::string contradiction;
  std::size_t strays;

  bool operator==(const Reading &) const = default;
};

Reading read(Bytes bytes, std::size_t piece, bool of_its_own) {
  std::size_t strays = 0;
  ZipStructure zip(of_its_own, [&](Bytes stray) { strays += stray.size(); });
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    zip.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  zip.finish();
  FUZZ_CHECK(strays <= bytes.size());
  return {zip.encrypted(), zip.is_volume(), zip.has_end(), std::string(zip.contradiction()),
          strays};
}

} // namespace

int LLVMFuzzerInitialize(int *, char ***) { return 0; }

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  Bytes bytes(data, size);
  for (bool of_its_own : {true, false}) {
    Reading whole = read(bytes, std::max<std::size_t>(size, 1), of_its_own);
    FUZZ_CHECK(whole == read(bytes, 1, of_its_own));
    FUZZ_CHECK(whole == read(bytes, 13, of_its_own));
  }
  Rar4Headers once;
  once.feed(bytes);
  Rar4Headers often;
  for (std::size_t at = 0; at < size; at += 5)
    often.feed(bytes.subspan(at, std::min<std::size_t>(5, size - at)));
  FUZZ_CHECK(once.encrypted() == often.encrypted() && once.is_volume() == often.is_volume());
  (void)is_tar(bytes);
  (void)is_cpio(bytes);
  (void)is_lha(bytes);
  (void)is_bzip2(bytes);
  (void)is_lzma(bytes);
  (void)is_mac_binary(bytes);
  (void)is_apple_single(bytes);
  (void)is_arc(bytes);
  (void)is_fat(bytes);
  (void)is_ext(bytes);
  (void)is_hfs(bytes);
  (void)is_partitioned(bytes);
  (void)kind_at_end(bytes);
  (void)embedded_container(bytes);
  (void)is_volume_name(as_text(data, size));
  return 0;
}
