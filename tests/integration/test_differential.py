"""Messages in odd MIME, read by the scanner and by two other parsers: Python's email and
GMime. A part that one of them finds, and that the scanner neither classed nor named, is a
miss.

SMIME_DIFFERENTIAL=COUNT makes as many messages, SMIME_DIFFERENTIAL_SEED=N others."""

import email
import os
import random
import re

import odd_mime
from case import WORK
from test_inspect import InspectCase

COUNT = int(os.environ.get("SMIME_DIFFERENTIAL", "10000"))
SEED = int(os.environ.get("SMIME_DIFFERENTIAL_SEED", "20261129"))
# Of a hundred decisions, how many are odd.
ODDNESS = (2, 6, 15)
# At a time.
BATCH = 500
MAIL_NAME = re.compile(r"\.(eml|emlx|mbox|mht)[ .]*$", re.I)
# Python's binding of GMime, which is there once a test of this file begins.
GMime = None


def load_gmime():
    global GMime
    import gi
    gi.require_version("GMime", "3.0")
    from gi.repository import GMime as module
    module.init()
    GMime = module


def files_in(data):
    """The messages in a file that keeps mail."""
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    count = re.match(rb"\d+[ \t]*\r?\n", data)
    data = data[count.end():] if count else data
    yield data
    if data.startswith(b"From "):
        yield from re.split(rb"(?:^|\n)From [^\n]*\n", data)[2:]


def is_mail(media_type, name):
    return media_type.startswith("message/") or MAIL_NAME.search(name or "") is not None


def with_mail(leaves, read, depth):
    """The leaves' contents, and those of the messages in them."""
    for media_type, name, content in leaves:
        yield content
        if depth < 4 and is_mail(media_type, name):
            for data in files_in(content):
                yield from read(data, depth + 1)


def by_python(data, depth=0):
    leaves = []
    for part in email.message_from_bytes(data).walk():
        if not part.is_multipart():
            try:
                name = part.get_filename()
            except (LookupError, ValueError, TypeError):
                name = None
            leaves.append((part.get_content_type(), name, part.get_payload(decode=True) or b""))
    yield from with_mail(leaves, by_python, depth)


def gmime_leaves(entity):
    if entity is None:
        return
    if isinstance(entity, GMime.Multipart):
        for number in range(entity.get_count()):
            yield from gmime_leaves(entity.get_part(number))
    elif isinstance(entity, GMime.MessagePart):
        message = entity.get_message()
        if message is not None:
            yield from gmime_leaves(message.get_mime_part())
    elif isinstance(entity, GMime.Part):
        content = entity.get_content()
        if content is not None:
            out = GMime.StreamMem.new()
            content.write_to_stream(out)
            media_type = entity.get_content_type()
            yield (media_type.get_mime_type() or "").lower(), entity.get_filename(), bytes(
                out.get_byte_array())


def by_gmime(data, depth=0):
    message = GMime.Parser.new_with_stream(
        GMime.StreamMem.new_with_buffer(data)).construct_message(None)
    if message is not None:
        yield from with_mail(gmime_leaves(message.get_mime_part()), by_gmime, depth)


READERS = {"email": by_python, "GMime": by_gmime}


def finders(data, hidden):
    found = []
    for name, read in READERS.items():
        if any(hidden.is_in(content) for content in read(data)):
            found.append(name)
    return found


def is_silent(report):
    return report["class"] == ["plain"] and not report["uninspectable"]


class Differential(InspectCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load_gmime()

    def reports(self, count, make):
        """Makes count messages and yields (number, what make gave, report)."""
        for begin in range(0, count, BATCH):
            made = [make(number) for number in range(begin, min(count, begin + BATCH))]
            for at, report in enumerate(self.inspect_all([one[0] for one in made])):
                yield begin + at, made[at], report

    def test_nothing_is_missed(self):
        missed, found, seen = [], 0, 0

        def make(number):
            chance = random.Random(SEED * 1000003 + number)
            hidden = odd_mime.Hidden(chance)
            data = odd_mime.message(chance, ODDNESS[number % len(ODDNESS)], hidden)
            return data, hidden

        for number, (data, hidden), report in self.reports(COUNT, make):
            seen += not is_silent(report)
            if not is_silent(report):
                found += 1
                continue
            who = finders(data, hidden)
            if who:
                path = WORK / f"differential-{number}.eml"
                path.write_bytes(data)
                missed.append((number, who, str(path)))
        print(f"differential: seed {SEED}, {COUNT} messages, the scanner told of {seen}, "
              f"{len(missed)} were missed")
        self.assertEqual([], missed[:20], f"{len(missed)} in all, seed {SEED}")
        # The part is there, in most of them for every reader.
        self.assertGreater(found, COUNT * 0.8)

    def test_well_formed_mail_is_plain(self):
        """The twins: nothing is hidden and nothing is odd."""
        named = []

        def make(number):
            chance = random.Random(SEED * 1000003 + number)
            return (odd_mime.message(chance, 0, None),)

        for number, (data,), report in self.reports(COUNT // 10, make):
            if not is_silent(report):
                named.append((number, report["class"], report["uninspectable"], data))
        self.assertEqual([], named[:3], f"{len(named)} of {COUNT // 10}")

    def test_odd_mail_with_nothing_in_it_is_not_called_encrypted(self):
        encrypted = []

        def make(number):
            chance = random.Random(SEED * 1000003 + number)
            return (odd_mime.message(chance, ODDNESS[number % len(ODDNESS)], None),)

        plain = 0
        for number, (data,), report in self.reports(COUNT // 10, make):
            plain += is_silent(report)
            if any("encrypted" in one for one in report["class"]):
                encrypted.append((number, report, data))
        print(f"differential: {plain} of {COUNT // 10} odd messages with nothing in them are plain")
        self.assertEqual([], encrypted[:3])

