"""DER taken apart and put together again, for CMS objects that no tool makes."""


def split(data):
    """[(tag, content)] of the elements that data is made of."""
    found, at = [], 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7f
            size, at = int.from_bytes(data[at:at + count], "big"), at + count
        found.append((tag, data[at:at + size]))
        at += size
    return found


def element(tag, content):
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def join(elements):
    return b"".join(element(tag, content) for tag, content in elements)


class SignedData:
    """RFC 5652 section 5.1. fields: [(tag, content)] version, digestAlgorithms,
    encapContentInfo, certificates [0] and CRLs [1] if there are any, signerInfos."""

    def __init__(self, der):
        (_, info), = split(der)
        self.type, (_, explicit) = split(info)
        (_, signed), = split(explicit)
        self.fields = split(signed)

    def bytes(self):
        return element(0x30, join([self.type]) + element(0xa0, element(0x30, join(self.fields))))

    @property
    def content(self):
        kind, (_, explicit) = split(self.fields[2][1])
        return split(explicit)[0][1]

    @content.setter
    def content(self, octets):
        kind, *_ = split(self.fields[2][1])
        self.fields[2] = (0x30, join([kind]) + element(0xa0, element(0x04, octets)))

    @property
    def signers(self):
        """[[(tag, content)]]: version, sid, digestAlgorithm, signedAttrs [0], ..."""
        return [split(content) for _, content in split(self.fields[-1][1])]

    @signers.setter
    def signers(self, signers):
        self.fields[-1] = (0x31, b"".join(element(0x30, join(one)) for one in signers))

    @property
    def certificates(self):
        return [element(*one) for one in split(dict(self.fields)[0xa0])]

    @certificates.setter
    def certificates(self, ders):
        self.fields = [(0xa0, b"".join(ders)) if tag == 0xa0 else (tag, content)
                       for tag, content in self.fields]

    def add_crls(self, ders):
        self.fields.insert(-1, (0xa1, b"".join(ders)))
