#include "scanner/formats/compound-file.h"

#include <array>
#include <gsf/gsf-infile-msole.h>
#include <gsf/gsf-input-memory.h>
#include <gsf/gsf-utils.h>
#include <memory>

namespace smime {
namespace {

struct Unref {
  void operator()(void *object) const { g_object_unref(object); }
};
using InputPtr = std::unique_ptr<GsfInput, Unref>;
using InfilePtr = std::unique_ptr<GsfInfile, Unref>;

// A workbook's records up to FilePass: BOF, WriteProtect and the like come
// before it (MS-XLS section 2.1.7.20.3).
constexpr unsigned max_records = 64;
constexpr unsigned record_filepass = 0x2f;

unsigned le16(const unsigned char *at) { return at[0] | static_cast<unsigned>(at[1]) << 8; }

unsigned le32(const unsigned char *at) { return le16(at) | le16(at + 2) << 16; }

InputPtr open_stream(GsfInfile *file, const char *name) {
  return InputPtr(gsf_infile_child_by_name(file, name));
}

bool read(GsfInput *input, gsf_off_t offset, unsigned char *to, std::size_t size) {
  return gsf_input_seek(input, offset, G_SEEK_SET) == 0 &&
         gsf_input_read(input, size, to) != nullptr;
}

bool is_encrypted_word(GsfInput *stream) {
  std::array<unsigned char, 12> fib{};
  return read(stream, 0, fib.data(), fib.size()) && (le16(&fib[10]) & 0x0100U) != 0;
}

bool is_encrypted_workbook(GsfInput *stream) {
  gsf_off_t offset = 0;
  std::array<unsigned char, 4> header{};
  for (unsigned i = 0; i < max_records && read(stream, offset, header.data(), header.size()); i++) {
    if (le16(header.data()) == record_filepass)
      return true;
    offset += 4 + static_cast<gsf_off_t>(le16(&header[2]));
  }
  return false;
}

bool is_encrypted_presentation(GsfInput *current_user) {
  std::array<unsigned char, 16> atom{};
  return read(current_user, 0, atom.data(), atom.size()) && le32(&atom[12]) == 0xf3d1c4df;
}

bool is_encrypted(GsfInfile *file) {
  if (open_stream(file, "EncryptedPackage") != nullptr ||
      open_stream(file, "EncryptedSummary") != nullptr)
    return true;
  InputPtr word = open_stream(file, "WordDocument");
  if (word != nullptr && is_encrypted_word(word.get()))
    return true;
  for (const char *name : {"Workbook", "Book", "WORKBOOK", "BOOK"}) {
    InputPtr book = open_stream(file, name);
    if (book != nullptr && is_encrypted_workbook(book.get()))
      return true;
  }
  InputPtr user = open_stream(file, "Current User");
  return user != nullptr && is_encrypted_presentation(user.get());
}

} // namespace

CompoundFileState inspect_compound_file(Bytes bytes) {
  static const bool initialised = [] {
    gsf_init();
    return true;
  }();
  (void)initialised;
  InputPtr input(gsf_input_memory_new(bytes.data(), static_cast<gsf_off_t>(bytes.size()), FALSE));
  if (input == nullptr)
    return CompoundFileState::damaged;
  GError *error = nullptr;
  InfilePtr file(gsf_infile_msole_new(input.get(), &error));
  if (file == nullptr) {
    g_clear_error(&error);
    return CompoundFileState::damaged;
  }
  return is_encrypted(file.get()) ? CompoundFileState::encrypted : CompoundFileState::readable;
}

} // namespace smime
