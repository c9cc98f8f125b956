"""Transfers of known size at a steady rate.

    python3 traffic.py serve PORT
    python3 traffic.py down|up NAME PEER PORT BYTES SECONDS [SOURCE]
"""

import socket
import sys
import threading
import time

PIECE = 8192


def send(peer, total, seconds):
    begun, left = time.monotonic(), total
    while left > 0:
        left -= peer.send(bytes(min(left, PIECE)))
        time.sleep(max(0, (total - left) / total * seconds - (time.monotonic() - begun)))


def receive(peer, total):
    while total > 0:
        piece = peer.recv(65536)
        if not piece:
            return
        total -= len(piece)


def serve(peer):
    with peer:
        way, total, seconds = peer.recv(64).split()
        if way == b"down":
            send(peer, int(total), float(seconds))
        else:
            receive(peer, int(total))
        while peer.recv(65536):
            pass


def main():
    if sys.argv[1] == "serve":
        listener = socket.create_server(("::", int(sys.argv[2])), family=socket.AF_INET6, dualstack_ipv6=True)
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    way, name, address, port, total, seconds, *source = sys.argv[1:]
    with open("/proc/self/comm", "w") as comm:
        comm.write(name)
    local = (source[0], 0) if source else None
    peer = socket.create_connection((address, int(port)), timeout=30, source_address=local)
    peer.settimeout(None)
    peer.send(f"{way} {total} {seconds}\n".encode())
    if way == "down":
        receive(peer, int(total))
    else:
        time.sleep(0.2)
        send(peer, int(total), float(seconds))
    # bandwhich looks once a second whose the socket is.
    time.sleep(1.5)
    peer.close()


main()
