// Where files end whose tables may stand anywhere in them, and point anywhere: what none of them
// claims, behind all that is claimed, is content of its own, and what none claims in front of that
// is read by nobody.
#ifndef SMIME_FILE_EXTENT_H
#define SMIME_FILE_EXTENT_H

#include "scanner/inspection/window.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace smime {

struct Range {
  std::uint64_t at = 0;
  std::uint64_t end = 0;
};

struct Claimed {
  // May be more than the file has. What breaks the structure ends it.
  std::uint64_t end = 0;
  // What is claimed again from there on.
  std::uint64_t again_from = UINT64_MAX;
  // What no table points to, or none that a program reads, in front of the end; in this order.
  std::vector<Range> unread = {};
};

// Nothing if it cannot be known, because a table is in the middle of a large file, of which no copy
// was kept.
using Extent = std::optional<Claimed>;

Extent tiff_extent(const Window &file);
Extent icon_extent(const Window &file);
Extent font_extent(const Window &file);
Extent elf_extent(const Window &file);
// Of legacy Office (MS-CFB).
Extent compound_extent(const Window &file);
// Of Windows and MS-DOS.
Extent exe_extent(const Window &file);
// Of GNU gettext.
Extent catalogue_extent(const Window &file);

} // namespace smime

#endif
