#include "scanner/formats/compound-file.h"

#include "common/ascii.h"
#include "scanner/base/little-endian.h"
#include "scanner/base/padding.h"
#include "scanner/formats/compound-directory.h"
#include "scanner/formats/compressed-rtf.h"
#include "scanner/formats/document.h"
#include "scanner/formats/file-extent.h"
#include "scanner/formats/inner-file.h"
#include "scanner/formats/office-marks.h"
#include "scanner/formats/ole-object.h"
#include "scanner/formats/presentation.h"
#include "scanner/formats/utf16.h"

#include <algorithm>
#include <array>
#include <gsf/gsf-infile-msole.h>
#include <gsf/gsf-input-memory.h>
#include <gsf/gsf-utils.h>
#include <memory>
#include <string>
#include <vector>

namespace smime {
namespace {

struct Unref {
  void operator()(void *object) const { g_object_unref(object); }
};
using InputPtr = std::unique_ptr<GsfInput, Unref>;
using InfilePtr = std::unique_ptr<GsfInfile, Unref>;

// Storages in storages, and streams and storages in all: more than any program writes.
constexpr unsigned max_storage_depth = 64;
constexpr unsigned max_entries = 50000;
// In one storage: libgsf goes through all of them to find one.
constexpr int max_children = 10000;
constexpr std::size_t max_attachment_name = 255;

// MS-OXMSG section 2.
constexpr std::string_view message_properties = "__properties_version1.0";
constexpr std::string_view attachment_storage = "__attach_version1.0";
constexpr std::string_view attachment_data = "__substg1.0_37010102";
constexpr std::array<std::string_view, 4> attachment_names{
    "__substg1.0_3707001f", "__substg1.0_3707001e", "__substg1.0_3704001f", "__substg1.0_3704001e"};

// What flows to a buffer, up to a size.
class Collector : public ByteSink {
public:
  explicit Collector(std::size_t most) : most_(most) {}
  void feed(Bytes bytes) override {
    bytes = bytes.first(std::min(bytes.size(), most_ - std::min(most_, bytes_.size())));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void finish() override {}
  Bytes bytes() const { return bytes_; }

private:
  std::size_t most_;
  std::vector<unsigned char> bytes_;
};

class StorageWalk {
public:
  StorageWalk(Inspection &inspection, const Place &place)
      : inspection_(inspection), place_(place) {}

  void walk(GsfInfile *storage, const std::string &name, unsigned depth);
  void report() const;

private:
  struct Entry {
    int index;
    std::string name; // in small letters
  };

  bool count_entry();
  void read_entry(GsfInfile *storage, const Entry &entry, const std::string &attachment,
                  bool is_message, unsigned depth);
  void read_stream(GsfInput *stream, const std::string &name, const std::string &attachment,
                   bool is_message);
  void note(Protection protection);
  void copy(GsfInput *stream, ByteSink &to, std::uint64_t most);
  std::vector<unsigned char> beginning(GsfInput *stream, std::size_t most);
  std::string find_attachment_name(GsfInfile *storage, const std::vector<Entry> &entries);

  Inspection &inspection_;
  const Place &place_;
  bool has_password_ = false;
  bool has_rights_ = false;
  bool is_damaged_ = false;
  bool is_too_much_ = false;
  unsigned entries_ = 0;
};

bool StorageWalk::count_entry() {
  is_too_much_ = is_too_much_ || ++entries_ > max_entries;
  return !is_too_much_ && inspection_.in_time(place_);
}

void StorageWalk::note(Protection protection) {
  has_password_ = has_password_ || protection == Protection::password;
  has_rights_ = has_rights_ || protection == Protection::rights;
}

void StorageWalk::walk(GsfInfile *storage, const std::string &name, unsigned depth) {
  if (depth > max_storage_depth) {
    is_too_much_ = true;
    return;
  }
  std::vector<Entry> entries;
  int count = gsf_infile_num_children(storage);
  is_too_much_ = is_too_much_ || count > max_children;
  for (int i = 0; i < count && count_entry(); i++) {
    const char *child = gsf_infile_name_by_index(storage, i);
    entries.push_back({i, lower(child == nullptr ? "" : child)});
  }
  bool is_attachment = name.starts_with(attachment_storage);
  bool is_message =
      !is_attachment && std::any_of(entries.begin(), entries.end(),
                                    [](const Entry &e) { return e.name == message_properties; });
  std::string attachment = is_attachment ? find_attachment_name(storage, entries) : "";
  for (const Entry &entry : entries) {
    note(protection_by_name(entry.name));
    if (inspection_.stopped() || !inspection_.in_time(place_))
      return;
    read_entry(storage, entry, attachment, is_message, depth);
  }
}

void StorageWalk::read_entry(GsfInfile *storage, const Entry &entry, const std::string &attachment,
                             bool is_message, unsigned depth) {
  InputPtr child(gsf_infile_child_by_index(storage, entry.index));
  if (child == nullptr)
    is_damaged_ = true;
  else if (GSF_IS_INFILE(child.get()) && gsf_infile_num_children(GSF_INFILE(child.get())) >= 0)
    walk(GSF_INFILE(child.get()), entry.name, depth + 1);
  else
    read_stream(child.get(), entry.name, attachment, is_message);
}

void StorageWalk::read_stream(GsfInput *stream, const std::string &name,
                              const std::string &attachment, bool is_message) {
  constexpr auto all = ~std::uint64_t{0};
  if (has_protection_marks(name)) {
    note(protection_by_content(name, beginning(stream, max_mark_size)));
  } else if (name == "\1ole10native") {
    OleNative native(inspection_, place_, OleNative::Size::comes_first);
    copy(stream, native, all);
    native.finish();
  } else if (name == "powerpoint document") {
    PresentationObjects objects(inspection_, place_);
    copy(stream, objects, all);
    objects.finish();
    note(objects.is_encrypted() ? Protection::password : Protection::none);
  } else if (!attachment.empty() && name == attachment_data) {
    InnerFile file(inspection_, place_, attachment);
    copy(stream, file, all);
    file.finish();
  } else if (is_message && name.starts_with("__substg1.0_1000001")) {
    InnerFile text(inspection_, place_, "body", "text/plain");
    Utf16Decoder decoder(text);
    copy(stream, name.ends_with('f') ? static_cast<ByteSink &>(decoder) : text, all);
    text.finish();
  } else if (is_message && name == "__substg1.0_10130102") {
    InnerFile text(inspection_, place_, "body", "text/html");
    copy(stream, text, all);
    text.finish();
  } else if (is_message && name == "__substg1.0_10090102") {
    InnerFile text(inspection_, place_, "body", "text/rtf");
    CompressedRtf decoder(text);
    copy(stream, decoder, all);
    decoder.finish();
    is_damaged_ = is_damaged_ || !decoder.is_known();
  } else if (begins_as_file(beginning(stream, 16))) {
    InnerFile file(inspection_, place_, name);
    copy(stream, file, all);
    file.finish();
  }
}

std::string StorageWalk::find_attachment_name(GsfInfile *storage,
                                              const std::vector<Entry> &entries) {
  for (std::string_view wanted : attachment_names) {
    for (const Entry &entry : entries) {
      InputPtr stream(entry.name == wanted ? gsf_infile_child_by_index(storage, entry.index)
                                           : nullptr);
      if (stream == nullptr)
        continue;
      Collector name(max_attachment_name);
      Utf16Decoder decoder(name);
      copy(stream.get(), wanted.ends_with('f') ? static_cast<ByteSink &>(decoder) : name,
           2 * max_attachment_name);
      std::string found(name.bytes().begin(),
                        std::find(name.bytes().begin(), name.bytes().end(), 0));
      if (!found.empty())
        return found;
    }
  }
  return "attachment";
}

void StorageWalk::copy(GsfInput *stream, ByteSink &to, std::uint64_t most) {
  constexpr std::uint64_t piece = 65536;
  auto left = std::min<std::uint64_t>(most, static_cast<std::uint64_t>(gsf_input_size(stream)));
  is_damaged_ = gsf_input_seek(stream, 0, G_SEEK_SET) != 0 || is_damaged_;
  while (left > 0 && !inspection_.stopped() && inspection_.in_time(place_)) {
    auto size = static_cast<std::size_t>(std::min(left, piece));
    const unsigned char *bytes = gsf_input_read(stream, size, nullptr);
    if (bytes == nullptr) {
      is_damaged_ = true;
      return;
    }
    to.feed({bytes, size});
    left -= size;
  }
}

std::vector<unsigned char> StorageWalk::beginning(GsfInput *stream, std::size_t most) {
  Collector collector(most);
  copy(stream, collector, most);
  return {collector.bytes().begin(), collector.bytes().end()};
}

void StorageWalk::report() const {
  if (has_rights_)
    report_rights_managed(inspection_, place_);
  else if (has_password_)
    report_encrypted_document(inspection_, place_);
  if (is_too_much_)
    inspection_.add_uninspectable(place_, "limit-exceeded");
  else if (is_damaged_)
    inspection_.add_uninspectable(place_, "damaged-document");
}

class CompoundFile : public Document {
public:
  using Document::Document;

  void feed(Bytes bytes) override {
    directory_.feed(bytes);
    Document::feed(bytes);
  }

  void finish() override {
    if (inspection_.stopped())
      return;
    if (window_.whole())
      read();
    else
      report_beginning_and_end("limit-exceeded");
  }

private:
  void read();
  void read_behind();
  void report_beginning_and_end(const char *reason);

  CompoundDirectory directory_;
};

void CompoundFile::read() {
  prepare_libgsf();
  Bytes bytes = window_.head();
  if (!has_lone_root(bytes))
    return report_beginning_and_end("damaged-document");
  InputPtr input(gsf_input_memory_new(bytes.data(), static_cast<gsf_off_t>(bytes.size()), FALSE));
  GError *error = nullptr;
  InfilePtr file(input == nullptr ? nullptr : gsf_infile_msole_new(input.get(), &error));
  g_clear_error(&error);
  if (file == nullptr)
    return report_beginning_and_end("damaged-document");
  StorageWalk walk(inspection_, place_);
  walk.walk(file.get(), "", 0);
  if (!inspection_.stopped())
    walk.report();
  read_behind();
}

// What stands behind the last sector is no part of the document.
void CompoundFile::read_behind() {
  Extent end = compound_extent(window_);
  if (!end.has_value() || end->end >= window_.size() || inspection_.stopped())
    return;
  Bytes behind =
      without_padding_in_front(window_.head().subspan(static_cast<std::size_t>(end->end)));
  if (behind.size() < least_behind)
    return;
  InnerFile file(inspection_, place_, "behind its end");
  file.feed(behind);
  file.finish();
}

void CompoundFile::report_beginning_and_end(const char *reason) {
  switch (directory_.protection(window_)) {
  case Protection::rights: report_rights_managed(inspection_, place_); break;
  case Protection::password: report_encrypted_document(inspection_, place_); break;
  case Protection::none: inspection_.add_uninspectable(place_, reason); break;
  }
}

} // namespace

void prepare_libgsf() {
  static const bool is_prepared = [] {
    gsf_init();
    // It speaks of damaged files to standard error.
    g_log_set_default_handler([](const char *, GLogLevelFlags, const char *, void *) {}, nullptr);
    return true;
  }();
  (void)is_prepared;
}

std::unique_ptr<ByteSink> make_compound_file_reader(Inspection &inspection, const Place &place) {
  return std::make_unique<CompoundFile>(inspection, place);
}

} // namespace smime
