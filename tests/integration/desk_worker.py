"""What the desk's web process would say to the worker, for tests: frames over its socket."""

import json
import socket
import struct

from clients import PASSWORD

ANSWER_SECONDS = 120


class Worker:
    """One connection. Each call is one request and its answer, if more=True its answers."""

    def __init__(self, instance, ip="192.0.2.7"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(ANSWER_SECONDS)
        self.socket.connect(str(instance.base_dir / "smime-desk-worker"))
        self.ip, self.number, self.waiting = ip, 0, {}

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send_text(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.send_bytes(struct.pack(">I", len(data)) + data)

    def send(self, kind, **fields):
        self.number += 1
        self.send_text(json.dumps({"id": self.number, "type": kind, "ip": self.ip, **fields}))
        return self.number

    def _read(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the worker ended the connection")
            data += piece
        return data

    def answer(self, number=None):
        """The next one, or the next one to this request."""
        if self.waiting.get(number):
            return self.waiting[number].pop(0)
        while True:
            (size,) = struct.unpack(">I", self._read(4))
            answer = json.loads(self._read(size))
            if number is None or answer["id"] == number:
                return answer
            self.waiting.setdefault(answer["id"], []).append(answer)

    def call(self, kind, **fields):
        return self.answer(self.send(kind, **fields))

    def all(self, kind, **fields):
        number = self.send(kind, **fields)
        answers = [self.answer(number)]
        while answers[-1].get("more"):
            answers.append(self.answer(number))
        return answers

    def login(self, name, password=PASSWORD, **fields):
        return self.call("login", **{"name": name, "password": password, "secure": True, **fields})
