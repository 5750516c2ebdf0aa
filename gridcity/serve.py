"""One web process: `python -m gridcity.serve --fd N` on a socket handed down, or on --host and --port.

Several processes may share one socket; each has its own threads, database connections and live hub.
"""

import argparse
import logging
import socket
from typing import Any

import uvicorn

OPTIONS: dict[str, Any] = {
    "ws": "websockets-sansio",
    "ws_ping_interval": 20,
    "ws_ping_timeout": 20,
    "ws_max_size": 65536,
    "ws_max_queue": 16,
    # compressing each frame for each socket costs three times the fan-out; entries are small
    "ws_per_message_deflate": False,
    "timeout_graceful_shutdown": 20,
    "timeout_keep_alive": 5,
    "lifespan": "off",
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="gridcity.serve", description=__doc__)
    parser.add_argument("--fd", type=int, help="an inherited listening socket")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    chosen = parser.parse_args()
    if chosen.fd is None:
        uvicorn.run("gridcity.asgi:application", host=chosen.host, port=chosen.port, **OPTIONS)
        return
    server = uvicorn.Server(uvicorn.Config("gridcity.asgi:application", **OPTIONS))
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    server.run(sockets=[socket.socket(fileno=chosen.fd)])


if __name__ == "__main__":
    main()
