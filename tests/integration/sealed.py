"""Encrypted messages that somebody changed on their way: an EnvelopedData taken apart."""

import base64

import der

AES_256_CBC = bytes.fromhex("60864801650304012a")
BLOCK = 16


class Enveloped:
    """RFC 5652 section 6.1, with AES-256 in CBC: what an attacker may change of it."""

    def __init__(self, data):
        (_, info), = der.split(data)
        self.type, (_, explicit) = der.split(info)
        (_, enveloped), = der.split(explicit)
        self.version, (_, recipients), (_, content), *self.rest = der.split(enveloped)
        self.recipients = [der.split(one) for _, one in der.split(recipients)]
        self.content_type, (_, algorithm), (_, self.content) = der.split(content)
        self.algorithm, (_, self.iv) = der.split(algorithm)
        assert self.algorithm[1] == AES_256_CBC

    def bytes(self):
        recipients = b"".join(der.element(0x30, der.join(one)) for one in self.recipients)
        algorithm = der.element(0x30, der.join([self.algorithm, (0x04, self.iv)]))
        content = der.element(0x30, der.join([self.content_type]) + algorithm
                              + der.element(0x80, self.content))
        enveloped = (der.join([self.version]) + der.element(0x31, recipients) + content
                     + der.join(self.rest))
        return der.element(0x30, der.join([self.type]) + der.element(0xa0, der.element(
            0x30, enveloped)))

    def key_of(self, name):
        """The number of the recipient whose issuer has the name."""
        return next(number for number, one in enumerate(self.recipients)
                    if name in der.join([one[1]]))


def flipped(octets, random, begin=0, end=None, least=1):
    changed = bytearray(octets)
    at = random.randrange(begin % len(octets), len(octets) if end is None else end % len(octets))
    changed[at] ^= random.randrange(least, 256)
    return bytes(changed)


def change_iv(one, random):
    # Into what is no ASCII: a header that becomes another right one is a right one.
    one.iv = flipped(one.iv, random, least=128)


def change_first_block(one, random):
    one.content = flipped(one.content, random, 0, BLOCK)


def change_any_block(one, random):
    one.content = flipped(one.content, random)


def change_padding(one, random):
    one.content = flipped(one.content, random, -BLOCK - 1, -BLOCK)


def change_block_before_the_last(one, random):
    one.content = flipped(one.content, random, -2 * BLOCK, -BLOCK)


def change_last_block(one, random):
    one.content = flipped(one.content, random, -BLOCK)


def cut_blocks(one, random):
    one.content = one.content[:-BLOCK * random.randrange(1, 4)]


def cut_bytes(one, random):
    one.content = one.content[:-random.randrange(1, BLOCK)]


def add_bytes(one, random):
    one.content += random.randbytes(random.randrange(1, 3 * BLOCK))


def guess_a_block(one, random):
    """Vaudenay's question about one block: it stands at the end, behind one of mine."""
    at = BLOCK * random.randrange(len(one.content) // BLOCK)
    one.content = one.content[:-2 * BLOCK] + random.randbytes(BLOCK) + one.content[at:at + BLOCK]


def swap_blocks(one, random):
    at = BLOCK * random.randrange(len(one.content) // BLOCK - 1)
    blocks = one.content
    one.content = (blocks[:at] + blocks[-BLOCK:] + blocks[at + BLOCK:-BLOCK]
                   + blocks[at:at + BLOCK])


def change_key(one, random):
    fields = one.recipients[one.key_of(b"Escrow")]
    fields[3] = (fields[3][0], flipped(fields[3][1], random))


def replace_key(one, random):
    fields = one.recipients[one.key_of(b"Escrow")]
    fields[3] = (fields[3][0], b"\x01" + random.randbytes(len(fields[3][1]) - 1))


def shorten_key(one, random):
    fields = one.recipients[one.key_of(b"Escrow")]
    fields[3] = (fields[3][0], fields[3][1][:random.randrange(1, 256)])


CHANGES = (change_iv, change_first_block, change_any_block, change_padding,
           change_block_before_the_last, change_last_block, cut_blocks, cut_bytes, add_bytes,
           guess_a_block, swap_blocks, change_key, replace_key, shorten_key)


def changed(data, change, random):
    one = Enveloped(data)
    change(one, random)
    return one.bytes()


def message_with(data, sender="sender@example.org"):
    return (f"From: {sender}\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; "
            "smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n"
            "\r\n").encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")
