"""The weather between a phone and the city: a port that passes everything on, loses answers, or is dead."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


class Weather:
    """Bytes go through unchanged, except for what the test has asked for.

    down     nobody answers
    lost     requests beginning so reach the city, which acts on them; their answers get lost on the way back
    barred   requests beginning so do not reach the city
    """

    def __init__(self, city: str) -> None:
        split = urlsplit(city)
        self._city = (split.hostname or "", split.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.down = False
        self.lost = b""
        self.barred = b""
        self.losses = self.bars = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def storm(self) -> None:
        """From now on nobody answers; what was under way breaks off."""
        self.down = True
        for connection in list(self._open):
            _end(connection)

    def clear(self) -> None:
        self.down, self.lost, self.barred = False, b"", b""

    def close(self) -> None:
        self._listener.close()
        self.storm()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                phone, _ = self._listener.accept()
                if self.down:
                    _end(phone)
                else:
                    threading.Thread(target=self._serve, args=(phone,), daemon=True).start()

    def _serve(self, phone: socket.socket) -> None:
        try:
            city = socket.create_connection(self._city)
        except OSError:
            return _end(phone)
        losing = threading.Event()
        self._open |= {phone, city}
        threading.Thread(target=self._answers, args=(city, phone, losing), daemon=True).start()
        with contextlib.suppress(OSError):
            while request := phone.recv(65536):
                if self.barred and request.startswith(self.barred):
                    self.bars += 1
                    break
                if self.lost and request.startswith(self.lost):
                    losing.set()
                city.sendall(request)
        self._part(phone, city)

    def _answers(self, city: socket.socket, phone: socket.socket, losing: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while answer := city.recv(65536):
                if losing.is_set():
                    self.losses += 1
                    break
                phone.sendall(answer)
        self._part(phone, city)

    def _part(self, *ends: socket.socket) -> None:
        for end in ends:
            self._open.discard(end)
            _end(end)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextlib.contextmanager
def weather_over(city: str) -> Iterator[Weather]:
    weather = Weather(city)
    try:
        yield weather
    finally:
        weather.close()
