// A document of one kind: SMIME_FUZZ_READER says which, one program for each.
#include "scanner/base/dovecot-lib.h"
#include "fuzz-tools.h"
#include "scanner/content/embedded-data.h"
#include "scanner/content/leaf.h"
#include "scanner/formats/compound-file.h"
#include "scanner/formats/kinds.h"
#include "scanner/formats/package.h"
#include "scanner/formats/pdf.h"
#include "scanner/formats/rtf.h"
#include "scanner/formats/tnef.h"

using namespace smime;

namespace {

using Reader = std::unique_ptr<ByteSink>;

[[maybe_unused]] Reader pdf(Inspection &inspection, const Place &place, Bytes) {
  return make_pdf_reader(inspection, place);
}

[[maybe_unused]] Reader compound(Inspection &inspection, const Place &place, Bytes) {
  return make_compound_file_reader(inspection, place);
}

[[maybe_unused]] Reader rtf(Inspection &inspection, const Place &place, Bytes) {
  return make_rtf_reader(inspection, place);
}

[[maybe_unused]] Reader tnef(Inspection &inspection, const Place &place, Bytes) {
  return make_tnef_reader(inspection, place);
}

// HTML, XML, calendars and cards.
[[maybe_unused]] Reader embedded(Inspection &inspection, const Place &place, Bytes prefix) {
  return make_embedded_data_reader(inspection, place, prefix);
}

// A picture, film, sound, font, program or database.
[[maybe_unused]] Reader leaf(Inspection &inspection, const Place &place, Bytes bytes) {
  const KindRow *kind = recognise(bytes.first(std::min(bytes.size(), max_type_prefix)), {});
  bool is_leaf = kind != nullptr && kind->look == Look::leaf;
  return is_leaf ? make_leaf_reader(inspection, place, *kind) : nullptr;
}

// The files of a zip archive: lines, of which one with a colon at its end is a name.
class PackageFiles : public ByteSink {
public:
  PackageFiles(Inspection &inspection, const Place &place)
      : inspection_(inspection), place_(place) {}
  void feed(Bytes bytes) override {
    for (unsigned char c : bytes) {
      line_ += static_cast<char>(c);
      if (c == '\n')
        end_line();
    }
  }
  void finish() override {
    end_line();
    marks_.end_file();
    marks_.report(inspection_, place_);
  }

private:
  void end_line() {
    std::string_view line = line_;
    if (line.ends_with(":\n"))
      marks_.begin_file(line.substr(0, line.size() - 2));
    else if (!line.empty())
      marks_.feed({reinterpret_cast<const unsigned char *>(line.data()), line.size()});
    line_.clear();
  }

  Inspection &inspection_;
  const Place &place_;
  PackageMarks marks_;
  std::string line_;
};

[[maybe_unused]] Reader package(Inspection &inspection, const Place &place, Bytes) {
  return std::make_unique<PackageFiles>(inspection, place);
}

} // namespace

int LLVMFuzzerInitialize(int *, char ***) {
  lib_init();
  return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const Limits limits = fuzz_limits();
  Inspection inspection(limits, fuzz_tools());
  Place place;
  place.path = "1";
  Bytes bytes(data, size);
  {
    Reader reader = SMIME_FUZZ_READER(inspection, place, bytes);
    // Pieces of every size: what straddles two must be read as well.
    std::size_t piece = size == 0 ? 1 : 1 + data[size - 1] * std::size_t{4};
    for (std::size_t at = 0; reader != nullptr && at < size; at += piece)
      reader->feed(bytes.subspan(at, std::min(piece, size - at)));
    if (reader != nullptr)
      reader->finish();
  }
  check_report(inspection.finish(size));
  return 0;
}
