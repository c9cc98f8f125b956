"""Counts what bandwhich should count: bytes behind the IP header of TCP and UDP, by interface and direction.

    python3 judge.py [INTERFACE...]   # of these alone; all but lo without

Prints a line once it listens, and its sums as JSON when it gets SIGTERM.
"""

import collections
import json
import signal
import socket
import struct
import sys

ETH_P_ALL, SO_RCVBUFFORCE, OUTGOING = 3, 33, 4
SOL_PACKET, PACKET_STATISTICS = 263, 6


def payload(frame, protocol):
    """Bytes of TCP or UDP with their headers; the frame begins with its IP header."""
    if protocol == 0x0800 and len(frame) >= 20:
        if frame[9] in (6, 17):
            return struct.unpack_from(">H", frame, 2)[0] - 4 * (frame[0] & 15)
    elif protocol == 0x86DD and len(frame) >= 40 and frame[6] in (6, 17):
        return struct.unpack_from(">H", frame, 4)[0]
    return None


def main():
    only = set(sys.argv[1:])
    # Without the link layer's header, so that tunnels and Ethernet look the same.
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 29)
    listener.settimeout(0.2)
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    print("listens", flush=True)
    sums = collections.defaultdict(lambda: [0, 0])
    while True:
        try:
            frame, (name, protocol, kind, _, _) = listener.recvfrom(64)
        except TimeoutError:
            if stopping:
                break
            continue
        if name == "lo" or (only and name not in only):
            continue
        size = payload(frame, protocol)
        if size is not None:
            sums[name][kind != OUTGOING] += size
    packets, lost = struct.unpack("=II", listener.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    print(json.dumps({"sums": sums, "packets": packets, "lost": lost}))


main()
