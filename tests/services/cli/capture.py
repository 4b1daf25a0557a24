"""Writes captures as Wireshark reads them, from what a recording of `rpc dump` holds: no right to
listen on a network is needed, and a segment ends where a test wants it to.

    capture.write(path, capture.segments_of(recording, size_max=100))
    capture.write(path, [capture.datagram(True, data)])
"""

import struct

LINKTYPE_RAW = 101  # packets begin with their IP header
TCP, UDP = 6, 17
CLIENT, SERVER = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"
ACK, PSH, SYN = 0x10, 0x08, 0x02


def _packet(to_server, protocol, payload):
    source, target = (CLIENT, SERVER) if to_server else (SERVER, CLIENT)
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0, source,
                       target) + payload


def _segment(to_server, ports, sequence, acknowledged, flags, data):
    source, target = ports if to_server else ports[::-1]
    head = struct.pack(">HHIIBBHHH", source, target, sequence, acknowledged, 5 << 4, flags, 65535,
                       0, 0)
    return _packet(to_server, TCP, head + data)


def datagram(to_server, data, port=7001):
    source, target = (40000, port) if to_server else (port, 40000)
    return 0, _packet(to_server, UDP, struct.pack(">HHHH", source, target, 8 + len(data), 0) + data)


def events(recording):
    """(kind, connection, microseconds, bytes) of each event of a recording."""
    with open(recording, "rb") as file:
        data = file.read()
    assert data.startswith(b"uvrpcrec\0\0\0\1"), data[:12]
    at = 20
    while at < len(data):
        kind, connection, time_us, size = struct.unpack(">cIQI", data[at:at + 17])
        yield kind.decode(), connection, time_us, data[at + 17:at + 17 + size]
        at += 17 + size


def segments_of(recording, size_max=1400, port=7000):
    """(microseconds, packet) of each TCP segment; the bytes of an event are cut at size_max."""
    sequences = {}
    for kind, connection, time_us, data in events(recording):
        ports = (40000 + connection, port)
        if kind == "o":
            sequences[connection] = [1, 1]
            yield time_us, _segment(True, ports, 0, 0, SYN, b"")
            yield time_us, _segment(False, ports, 0, 1, SYN | ACK, b"")
        elif kind in "<>":
            ours = 0 if kind == ">" else 1
            for i in range(0, len(data), size_max):
                part = data[i:i + size_max]
                sequence, acknowledged = (sequences[connection][ours],
                                          sequences[connection][1 - ours])
                yield time_us, _segment(kind == ">", ports, sequence, acknowledged, PSH | ACK, part)
                sequences[connection][ours] += len(part)


def write(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINKTYPE_RAW))
        for time_us, packet in packets:
            file.write(struct.pack("<IIII", time_us // 1_000_000, time_us % 1_000_000, len(packet),
                                   len(packet)) + packet)
