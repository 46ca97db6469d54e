"""The lab's web server: where it listens, how it starts, and how it stops without losing anything."""

import asyncio
import contextlib
import ipaddress
import os
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from digitlab.errors import InputError
from digitlab.lab.lab import Lab
from digitlab.lab.web.app import make_app
from digitlab.lab.web.connection import MOST_CONNECTIONS, Connection
from digitlab.lab.web.guard import Rules

DEFAULT_PORT = 8128
MORE_PORTS = 20  # tried after the default one
GRACE_SECONDS = 1  # for answers under way, when the server stops
CLOSE_SECONDS = 1.5  # for the training to keep what was learnt
BACKLOG = 2048
SEND_BUFFER = 32 * 1024  # bytes that the system holds for a reader: a frozen one is noticed the sooner
SPARE_FILES = 256  # besides those of connections


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens; without a port on the default one, or on the next free one.

    Raises:
        InputError: the port is taken or no port, or the address is not of this machine.
    """
    if port is not None and not 0 <= port <= 65535:
        raise InputError("a port is a whole number from 0 to 65535", got=port, help="0 takes any free one")
    ports = range(DEFAULT_PORT, DEFAULT_PORT + MORE_PORTS + 1) if port is None else (port,)
    trouble: OSError | None = None
    for one in ports:
        try:
            return _bind(host, one)
        except (OSError, UnicodeError) as error:
            trouble = error if isinstance(error, OSError) else OSError(str(error))
            if not isinstance(error, OSError) or isinstance(error, socket.gaierror):
                break
    where = f"port {port}" if port is not None else f"ports {ports[0]} to {ports[-1]}"
    raise InputError(
        f"the lab cannot listen at {host}, {where}",
        got=(trouble and trouble.strerror) or str(trouble),
        help="choose another one with --port; 0 takes any free one",
    )


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> tuple[str, int]:
    """Host and port as an address in a browser has them, such as ``("[::1]", 8128)``."""
    host, port = listener.getsockname()[:2]
    return (f"[{host}]" if ":" in host else host), port


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_loopback


def is_anywhere(host: str) -> bool:
    """Whether it stands for every address of this machine."""
    return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_unspecified


def outside_address(host: str) -> str | None:
    """How others in the network call this machine, if it is in one: the address that a packet would leave from."""
    family, documented = (socket.AF_INET6, "2001:db8::1") if ":" in host else (socket.AF_INET, "192.0.2.1")
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((documented, 9))  # of a datagram socket: nothing is sent
            found = str(probe.getsockname()[0])
    except OSError:
        return None
    return f"[{found}]" if ":" in found else found


class Server(uvicorn.Server):
    """uvicorn, which stops at once on Ctrl-C and SIGTERM although event streams are open.

    Args:
        lab: what it serves.
        rules: who may speak with it.
        ready: called once it answers.
    """

    def __init__(self, lab: Lab, rules: Rules, ready: Callable[[], None] = lambda: None) -> None:
        config = uvicorn.Config(
            make_app(lab, rules),
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,  # what goes wrong is logged to standard error; requests are not
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self.lab, self.ready = lab, ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: stop. It is not raised once more afterwards, as uvicorn would: to be stopped is no failure."""
        del sig, frame
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self.lab.warm_up()
        self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then finish what is being answered while the training keeps what was learnt."""
        kept = asyncio.to_thread(self.lab.close, CLOSE_SECONDS)
        await asyncio.gather(super().shutdown(sockets), kept)

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until a signal comes."""
        allow_many_files()
        self.run(sockets=[listener])


def allow_many_files() -> None:
    """Each connection is a file to the system, which often allows but 1024 of them unless asked."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
