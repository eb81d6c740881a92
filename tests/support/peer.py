"""A TCP server on loopback whose every connection is played by a function of the test."""
import contextlib
import socket
import ssl
import struct
import threading


class Peer:
    """Context manager. `play(connection, number)` has each connection in a thread of its own; its exceptions that come from
    the network are the end of that connection. What is still open at the end is shut down."""

    def __init__(self, play):
        self.play = play
        self.num = 0
        self.stopping = threading.Event()  # a player that waits for nothing waits for this
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._open = set()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(20)
            with self._lock:
                self._open.add(connection)
                number, self.num = self.num, self.num + 1
                thread = threading.Thread(target=self._serve, args=(connection, number), daemon=True)
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection, number):
        try:
            self.play(connection, number)
        except (OSError, ssl.SSLError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            with contextlib.suppress(OSError):
                connection.close()

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            threads = list(self._threads)
        for thread in threads:
            thread.join(20)


def reset(connection):
    """Closes with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def receive_until(connection, done):
    """What was received when done(bytes) holds or the other side has ended."""
    data = b""
    while not done(data):
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    return data


def client_hello(connection):
    """The first record (or, from a client without TLS, the whole request)."""
    return receive_until(connection, lambda data: b"\r\n\r\n" in data if data[:1] == b"G" else
                         len(data) >= 5 and len(data) >= 5 + int.from_bytes(data[3:5], "big"))


def record(content_type, body, version=0x0303):
    return struct.pack("!BHH", content_type, version, len(body)) + body


def handshake(message_type, body):
    return bytes([message_type]) + len(body).to_bytes(3, "big") + body


class Tls:
    """Python's TLS server over a socket, with its bytes in our hands."""

    def __init__(self, context, connection):
        self.connection = connection
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self._in, self._out, server_side=True)

    def pending(self):
        return self._out.read()

    def flush(self):
        self.connection.sendall(self._out.read())

    def step(self, call, *args):
        """Calls until it goes through; None at the end of the stream. Nothing is flushed while it waits for the first bytes."""
        while True:
            try:
                return call(*args)
            except ssl.SSLWantReadError:
                self.flush()
                data = self.connection.recv(65536)
                if not data:
                    return None
                self._in.write(data)

    def first_flight(self):
        """Reads the ClientHello and returns the server's flight, not yet sent."""
        self._in.write(client_hello(self.connection))
        with contextlib.suppress(ssl.SSLWantReadError):
            self.object.do_handshake()
        return self.pending()

    def accept(self, transform=None):
        """The whole handshake; `transform` may change the first flight."""
        flight = self.first_flight()
        self.connection.sendall(transform(flight) if transform else flight)
        self.step(self.object.do_handshake)
        self.flush()

    def request(self):
        """The client's request up to its empty line."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.step(self.object.read, 65536)
            if not piece:
                return data
            data += piece
        return data

    def write(self, data):
        self.object.write(data)
        self.flush()
