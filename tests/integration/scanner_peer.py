"""Another program that speaks to the scanner, as any local user may write it.

python3 scanner_peer.py ask SOCKET < message       prints the answer
python3 scanner_peer.py hold SOCKET COUNT KINDS    COUNT idle connections, slow ones and ones that
                                                   come again and again, until it is ended;
                                                   of the first KINDS kinds
"""

import json
import socket
import subprocess
import sys
import time

NOBODY = 65534


class NotAnswered(Exception):
    pass


def answer_to(path, message, line=None):
    """The scanner's whole answer, as bytes."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(path)
        client.sendall((line or b"smime-scan\t1\t%d\n" % len(message)) + message)
        reader = client.makefile("rb")
        first = reader.readline()
        if not first.startswith(b"report\t"):
            return first
        return first + reader.read(int(first.split(b"\t")[1]))


def report_of(answer):
    first, _, rest = answer.partition(b"\n")
    if not first.startswith(b"report\t"):
        raise NotAnswered(answer)
    return json.loads(rest)


def run_as(user, *arguments, **kwargs):
    """This file as a program of that user."""
    return subprocess.Popen([sys.executable, "-B", __file__, *map(str, arguments)], user=user,
                            group=user, extra_groups=[], cwd="/", **kwargs)


def ask_as(user, path, message):
    """The answer that a program of that user gets."""
    process = run_as(user, "ask", path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE)
    output, errors = process.communicate(message, timeout=90)
    if process.returncode != 0:
        raise NotAnswered(errors.decode().strip().split("\n")[-1])
    return output


class Hostile:
    """count connections of each of the users at each of the sockets, all the time."""

    def __init__(self, paths, count, users=(NOBODY,), kinds=3):
        self.processes = [run_as(user, "hold", path, count, kinds, stdout=subprocess.PIPE)
                          for path in paths for user in users]
        for process in self.processes:
            process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()


class Held:
    """A connection that never asks: it says nothing, or a byte now and then of its request
    line or of its message."""

    # The first is served longest.
    BEGINNINGS = (b"smime-scan\t1\t99999999\n", b"smime-sc", b"")

    def __init__(self, path, kind):
        self.path = path
        self.beginning = self.BEGINNINGS[kind]
        self.slow = self.beginning != b""
        self.socket = None
        self.open()

    def open(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.setblocking(False)
        try:
            self.socket.connect(self.path)
            self.socket.send(self.beginning)
        except OSError:
            self.socket.close()
            self.socket = None

    def go_on(self):
        """What was closed is opened anew."""
        try:
            if self.socket is None or self.socket.recv(100, socket.MSG_DONTWAIT) == b"":
                self.open()
        except BlockingIOError:
            self.drip()
        except OSError:
            self.open()

    def drip(self):
        try:
            if self.slow:
                self.socket.send(b"1")
        except OSError:
            pass


def hold(path, count, kinds):
    held = [Held(path, number % kinds) for number in range(count)]
    print("held", flush=True)
    while True:
        for connection in held:
            connection.go_on()
        time.sleep(0.05)


def main():
    if sys.argv[1] == "hold":
        hold(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    sys.stdout.buffer.write(answer_to(sys.argv[2], sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
