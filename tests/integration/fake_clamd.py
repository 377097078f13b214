"""A clamd that says what it is told to, in place of one whose signatures are updated."""

import os
import socket
import threading


class FakeClamd:
    """answer: what it says of every message; None: it hangs up, and there is no verdict."""

    CLEAN = b"stream: OK\0"
    INFECTED = b"stream: Test-Signature FOUND\0"

    def __init__(self, path):
        self.answer = self.CLEAN
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        os.chmod(path, 0o666)
        self._listener.listen(20)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                stream.read(len(b"zINSTREAM\0"))
                while size := int.from_bytes(stream.read(4), "big"):
                    stream.read(size)
                if self.answer is not None:
                    connection.sendall(self.answer)
            except OSError:
                pass
