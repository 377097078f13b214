"""A scanner that misbehaves. A stand-in for what a sound one cannot be made to
do: answer garbage, half a line, nothing."""

import os
import socket
import threading


class FakeScanner:
    def __init__(self, path, behave):
        self.path = str(path)
        self.behave = behave
        self.requests = 0
        self.stopping = False
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(16)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.stopping:
                connection.close()
                return
            self.requests += 1
            self.handle(connection)

    def handle(self, connection):
        try:
            self.behave(connection)
        except OSError:
            pass
        connection.close()

    def stop(self):
        self.stopping = True
        try:
            with socket.socket(socket.AF_UNIX) as wake:
                wake.connect(self.path)
        except OSError:
            pass
        self.thread.join(10)
        self.listener.close()


def read_message(connection):
    reader = connection.makefile("rb")
    words = reader.readline().rstrip(b"\n").split(b"\t")
    size = int(words[2])
    while size > 0 and words[-1] != b"file":
        size -= len(reader.read(min(size, 65536)))


def hang(connection):
    connection.settimeout(20)
    while connection.recv(65536):
        pass


def close_at_once(connection):
    pass


def close_in_the_middle(connection):
    connection.recv(10)


def close_after_request(connection):
    read_message(connection)


def answering(answer):
    def behave(connection):
        read_message(connection)
        connection.sendall(answer)
    return behave


def answer_early(connection):
    """Before the message was read."""
    connection.sendall(b"error\tno time\n")
    connection.recv(1)


MISBEHAVIOURS = {
    "closes at once": close_at_once,
    "closes in the middle": close_in_the_middle,
    "answers early": answer_early,
    "garbage": answering(os.urandom(2000)),
    "garbage line": answering(b"\x00\xff\n"),
    "half a line": answering(b"rep"),
    "half a report": answering(b'report\t100\n{"class":["pla'),
    "no JSON": answering(b"report\t5\nhello"),
    "unknown class": answering(b'report\t17\n{"class":["new"]}'),
    "endless line": answering(b"x" * 1000000),
    "impossible length": answering(b"report\t99999999999999999999\n"),
    "error": answering(b"error\tsomething is wrong\n"),
    "hangs": hang,
}


class CountingProxy(FakeScanner):
    """Between the plugin and a real scanner: scans counts the messages. Passes descriptors
    on, by which most messages go. After limit messages it closes its connections instead."""

    def __init__(self, path, scanner):
        self.scanner = str(scanner)
        self.scans = 0
        self.limit = None
        super().__init__(path, self.pass_on)

    def handle(self, connection):
        threading.Thread(target=self.behave, args=(connection,), daemon=True).start()

    def is_broken(self):
        return self.limit is not None and self.scans >= self.limit

    def pass_on(self, connection):
        if self.is_broken():
            connection.close()
            return
        with connection, socket.socket(socket.AF_UNIX) as scanner:
            scanner.connect(self.scanner)
            back = threading.Thread(target=self._copy, args=(scanner, connection), daemon=True)
            back.start()
            self._copy(connection, scanner, count=True)
            back.join(60)

    def before_answer(self):
        pass

    def _copy(self, source, target, count=False):
        try:
            while True:
                data, descriptors, _, _ = socket.recv_fds(source, 65536, 4)
                if not data or (count and self.is_broken()):
                    break
                if count:
                    self.scans += data.count(b"smime-scan\t")
                else:
                    self.before_answer()
                socket.send_fds(target, [data], descriptors)
                for descriptor in descriptors:
                    os.close(descriptor)
        except OSError:
            pass
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class GatedProxy(CountingProxy):
    """Its answers wait until the gate is open."""

    def __init__(self, path, scanner):
        self.gate = threading.Event()
        self.gate.set()
        super().__init__(path, scanner)

    def before_answer(self):
        self.gate.wait(60)


class WrongProxy(CountingProxy):
    """Gives its own answer on each message but the plugin's question whether the scanner is
    well."""

    def __init__(self, path, scanner, answer):
        self.answer = answer
        self.wrong = 0
        super().__init__(path, scanner)

    def pass_on(self, connection):
        line = connection.recv(65536, socket.MSG_PEEK)
        if int(line.split(b"\n")[0].split(b"\t")[2]) < 100:
            super().pass_on(connection)
            return
        with connection:
            self.wrong += 1
            read_message(connection)
            connection.sendall(self.answer)
