"""The service's one HTTP server and the socket that it listens on."""

import contextlib
import socket
from typing import Any

import uvicorn
from fastapi import FastAPI

from lotse.runtime.errors import RuntimeFault


class Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the service stops it last."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                lifespan="on",
                timeout_graceful_shutdown=5,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Port 0: any that is free. Raises RuntimeFault where the port cannot be had."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        raise RuntimeFault(f"port {port} on {host} cannot be had ({error.strerror}): set LOTSE_HTTP_PORT") from error
    made.listen(1024)
    made.setblocking(False)
    return made
