#!/usr/bin/env python3
"""Makes the unwind tables of a stripped 64-bit DLL or program smaller: GNU ld keeps one description a
function. Equal ones become one, as other linkers have it, and leaf functions, which the system knows to
unwind without, lose their entry, and so do functions that were left out. What lies in memory where stays; the file becomes shorter. A file that has
no such tables, or anything in them or beside them that this script does not know, stays as it is.

    unwind.py FILE…
"""

import struct
import sys

EXCEPTIONS, SECURITY, DEBUG = 3, 4, 6  # data directories


class Image:
    def __init__(self, data):
        self.data = bytearray(data)
        self.head = struct.unpack_from("<I", data, 0x3C)[0]
        count, self.symbols = struct.unpack_from("<H4xI", data, self.head + 6)
        self.optional = self.head + 24
        size = struct.unpack_from("<H", data, self.head + 20)[0]
        self.plus = struct.unpack_from("<H", data, self.optional)[0] == 0x20B
        self.sections = {}
        for i in range(count):
            at = self.optional + size + 40 * i
            name = bytes(data[at : at + 8]).rstrip(b"\0").decode()
            self.sections[name] = (at, *struct.unpack_from("<IIII", data, at + 8))

    def directory(self, index):
        return self.optional + 112 + 8 * index

    def put(self, at, *values):
        struct.pack_into("<%dI" % len(values), self.data, at, *values)

    def content(self, name):
        _, virtual, _, raw, offset = self.sections[name]
        return bytes(self.data[offset : offset + min(virtual, raw)])

    def replace(self, name, content):
        """The section keeps its place and extent in memory: what the file lacks is zeros there."""
        at, virtual, address, raw, offset = self.sections[name]
        align = struct.unpack_from("<I", self.data, self.optional + 36)[0]
        new = -(-len(content) // align) * align
        self.data[offset : offset + raw] = content.ljust(new, b"\0")
        self.put(at + 16, new)
        self.sections[name] = (at, virtual, address, new, offset)
        for other, (at, virtual, address, size, start) in self.sections.items():
            if start > offset:
                self.put(at + 20, start - raw + new)
                self.sections[other] = (at, virtual, address, size, start - raw + new)
        initialized = struct.unpack_from("<I", self.data, self.optional + 8)[0]
        self.put(self.optional + 8, initialized - raw + new)

    def checksum(self):
        """The sum of all words with the carries added, the field itself as 0, and the length."""
        self.put(self.optional + 64, 0)
        data = bytes(self.data) + b"\0" * (len(self.data) % 2)
        total = sum(struct.unpack("<%dH" % (len(data) // 2), data))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        self.put(self.optional + 64, total + len(self.data))


def unwinding(image):
    """What the file says of each function with a frame: begin and end to description."""
    length = struct.unpack_from("<I", image.data, image.directory(EXCEPTIONS) + 4)[0]
    base, infos = image.sections[".xdata"][2], image.content(".xdata")
    found = {}
    for begin, end, at in struct.iter_unpack("<III", image.content(".pdata")[:length]):
        codes = infos[at - base + 2]
        info = infos[at - base : at - base + 4 + 2 * codes]
        if begin != end and any(info[2:]):
            found[begin, end] = info
    return found


def shrink(data):
    """The smaller file, or why there is none."""
    image = Image(data)
    if not image.plus or ".pdata" not in image.sections or ".xdata" not in image.sections:
        return None, "no tables"
    for index in (SECURITY, DEBUG):
        if struct.unpack_from("<I", data, image.directory(index))[0]:
            return None, "a signature or debug information knows offsets in the file"
    if image.symbols:
        return None, "not stripped"
    where, length = struct.unpack_from("<II", data, image.directory(EXCEPTIONS))
    if where != image.sections[".pdata"][2]:
        return None, "the table is not where it is expected"
    base, infos = image.sections[".xdata"][2], image.content(".xdata")
    entries, merged, seen = [], bytearray(), {}
    for begin, end, at in struct.iter_unpack("<III", image.content(".pdata")[:length]):
        if begin == end:  # of a function that the linker left out
            continue
        if not base <= at <= base + len(infos) - 4:
            return None, "a description lies elsewhere"
        first, _, codes, frame = infos[at - base : at - base + 4]
        if first != 1:  # version 1, and neither a handler nor a chain
            return None, "a handler"
        if codes == 0 and frame == 0:
            continue
        info = infos[at - base : at - base + 4 + 2 * (codes + codes % 2)]
        if info not in seen:
            seen[info] = base + len(merged)
            merged += info
        entries.append((begin, end, seen[info]))
    table = b"".join(struct.pack("<III", *entry) for entry in entries)
    image.replace(".xdata", bytes(merged))
    image.replace(".pdata", table)
    image.put(image.directory(EXCEPTIONS), where, len(table))
    image.checksum()
    small = bytes(image.data)
    if unwinding(Image(small)) != unwinding(Image(data)):
        sys.exit("unwind.py: the smaller tables say something else")
    return small, None


def main():
    for name in sys.argv[1:]:
        with open(name, "rb") as file:
            data = file.read()
        small, why = shrink(data)
        if small is None:
            print(f"{name}: left as it is: {why}")
            continue
        with open(name, "r+b") as file:
            file.write(small)
            file.truncate()
        print(f"{name}: {len(data)} -> {len(small)} bytes")


if __name__ == "__main__":
    main()
