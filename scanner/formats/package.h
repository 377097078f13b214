// What the files of a zip archive say of it as a document: OpenDocument and HWPX (their
// manifest), EPUB (its encryption and rights), Pages, Numbers and Keynote (their password's
// verifier).
#ifndef SMIME_PACKAGE_H
#define SMIME_PACKAGE_H

#include "scanner/inspection/inspection.h"

#include <string_view>

struct _xmlParserCtxt; // NOLINT(bugprone-reserved-identifier): libxml2's name

namespace smime {

class PackageMarks {
public:
  PackageMarks() = default;
  ~PackageMarks() { end_file(); }
  PackageMarks(const PackageMarks &) = delete;
  PackageMarks &operator=(const PackageMarks &) = delete;

  // A file of that name in the archive begins. Its content may follow.
  void begin_file(std::string_view name);
  void feed(Bytes bytes);
  void end_file();
  // A file is compressed in a way that does not exist.
  void note_unreadable() { has_unreadable_ = true; }
  // After the last file: what is in it need be nothing that is known.
  bool is_encrypted() const;
  // After the last file: what the archive is, if it is more than an archive.
  void report(Inspection &inspection, const Place &place) const;

private:
  void take_element(std::string_view name, std::string_view algorithm);

  friend struct PackageElements;
  _xmlParserCtxt *parser_ = nullptr;
  bool reads_xml_ = false;
  bool has_password_ = false;
  bool has_rights_ = false;
  // Files that Pages, Numbers and Keynote of 2009 have: under a password they are no more
  // readable than anything else in the archive.
  bool has_iwork_index_ = false;
  bool has_iwork_history_ = false;
  bool has_unreadable_ = false;
  bool has_encrypted_entry_ = false;
  bool has_encrypted_key_ = false;
  // Of EPUB: files that are encrypted, and fonts that are only obfuscated.
  unsigned encrypted_files_ = 0;
  unsigned obfuscated_fonts_ = 0;
};

} // namespace smime

#endif
