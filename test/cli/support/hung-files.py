"""Mounts a folder whose files have SIZE bytes, of which those from AFTER on are never read: python3 hung-files.py DIR SIZE AFTER

As of a network drive whose server is gone: a read ends when the process that waits is killed, and not before. Root only.
"""

import ctypes
import errno
import os
import struct
import sys

folder, size, after = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
LOOKUP, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, OPENDIR, RELEASEDIR, INTERRUPT = 1, 3, 14, 15, 18, 25, 26, 27, 29, 36
WITHOUT_ANSWER = {2, 42}

device = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
if libc.mount(b"hung", folder.encode(), b"fuse", 6, options) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
print("mounted", flush=True)


def attributes(node):
    mode, length = (0o40755, 0) if node == 1 else (0o100644, size)
    return struct.pack("<6Q10I", node, length, 0, 1, 1, 1, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(number, payload=b"", error=0):
    os.write(device, struct.pack("<IiQ", 16 + len(payload), -error, number) + payload)


while True:
    try:
        request = os.read(device, 1 << 20)
    except OSError:
        break  # unmounted
    _, operation, number, node = struct.unpack("<IIQQ", request[:24])
    if operation == INIT:
        answer(number, struct.pack("<IIIIHHIIHHI7I", 7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0, 0, *[0] * 7))
    elif operation == LOOKUP:
        answer(number, struct.pack("<QQQQII", 2, 0, 1, 1, 0, 0) + attributes(2))
    elif operation == GETATTR:
        answer(number, struct.pack("<QII", 1, 0, 0) + attributes(node))
    elif operation in (OPEN, OPENDIR):
        answer(number, struct.pack("<QII", 1, 0, 0))
    elif operation == READ:
        _, offset, length = struct.unpack("<QQI", request[40:60])
        if offset < after:
            answer(number, b"x" * min(length, size - offset))
    elif operation in (RELEASE, FLUSH, RELEASEDIR):
        answer(number)
    elif operation == INTERRUPT:
        answer(struct.unpack("<Q", request[40:48])[0], error=errno.EINTR)
    elif operation not in WITHOUT_ANSWER:
        answer(number, error=errno.ENOSYS)
