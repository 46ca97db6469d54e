"""``digitlab lab``: open the lab, a page on this machine where the real thing is trained and drawings are read."""

import itertools
import os
import secrets
import sys
import threading
from pathlib import Path
from typing import Annotated, NoReturn

from cyclopts import Parameter

from digitlab.cli.options import Data, EngineName, Threads, open_model, whole
from digitlab.cli.output import write_line
from digitlab.data.catalogue import CATALOGUE
from digitlab.engines import AUTO, find_engine
from digitlab.engines.checks import check_threads
from digitlab.network.model_file import MODEL_SUFFIX
from digitlab.network.network import Network
from digitlab.network.shipped import SHIPPED
from digitlab.runs.models import RUNS

Port = Annotated[
    int | None,
    Parameter(help="0 to 65535; 0: any free one.", show_default="8128, or the next free one", converter=whole),
]
Host = Annotated[str, Parameter(help="The address to listen at. Any but this machine alone asks for a token.")]
AllowHost = Annotated[
    list[str] | None,
    Parameter(help="A further name of the lab, NAME or NAME:PORT: that of a notebook's proxy, or of a tunnel."),
]
Token = Annotated[
    str | None,
    Parameter(
        help="What everybody must show who uses the lab.",
        show_default="none; with an address that others can reach, one that is made and printed",
    ),
]
Runs = Annotated[Path, Parameter(help="The folder of the runs.")]
Models = Annotated[
    list[str] | None,
    Parameter(
        name="--model", help="A further reader: a run folder, RUN@EPOCH, a model file, or standard. May be repeated."
    ),
]
NoBrowser = Annotated[bool, Parameter(help="Do not open the browser.", show_default=False)]


def lab(
    *,
    port: Port = None,
    host: Host = "127.0.0.1",
    allow_host: AllowHost = None,
    token: Token = None,
    runs: Runs = RUNS,
    model: Models = None,
    data: Data = "mnist",
    engine: EngineName = AUTO,
    threads: Threads = None,
    no_browser: NoBrowser = False,
) -> int:
    """Open the lab: a page on this machine to train a network, read photographs, and draw digits. Ctrl-C closes it."""
    from digitlab.lab.lab import Lab
    from digitlab.lab.web.guard import Rules
    from digitlab.lab.web.server import Server, address_of, is_anywhere, is_loopback, listen, outside_address

    check_threads(threads)
    find_engine(engine)
    networks = _load(model or [])
    with listen(host, port) as listener:
        name, number = address_of(listener)
        if token is None and not is_loopback(name):
            token = secrets.token_urlsafe()
        anywhere = is_anywhere(name)
        own = () if anywhere else (name,)
        rules = Rules(number, own=own, anywhere=anywhere, allow=allow_host or (), token=token)
        opened = Lab(runs, data=data, engine=engine, threads=threads, models=networks)
        if data not in CATALOGUE:
            opened.data()  # what somebody named is checked before the page opens
        rest = f":{number}/" + (f"?token={token}" if token else "")
        others = outside_address(name) if anywhere else None
        urls = [f"http://{host}{rest}" for host in ("127.0.0.1" if anywhere else name, others) if host]
        Server(opened, rules, lambda: _say_ready(urls, browse=not no_browser)).serve_on(listener)
    if not opened.closed:
        write_line("the training was in the middle of a long step: it goes on when the lab is opened again")
        _leave_at_once()
    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):
        _leave_at_once()  # a picture is being read for nobody
    return 0


def _leave_at_once() -> NoReturn:
    """A step of a large network can take longer than anybody waits. Python must not end around the thread in it."""
    sys.stdout.flush()
    os._exit(0)


def _load(models: list[str]) -> dict[str, Network]:
    """The networks by the names of their files or folders, each of them once; one that ships keeps its name."""
    networks: dict[str, Network] = {}
    for model in models:
        found, network = open_model(model)
        stem = found.path.resolve().name.removesuffix(MODEL_SUFFIX)
        name = stem = stem if found.epoch is None else f"{stem}@{found.epoch}"
        numbers = itertools.count(2)
        while not found.ships and (name in networks or name in SHIPPED):
            name = f"{stem}-{next(numbers)}"
        networks[name] = network
    return networks


def _say_ready(urls: list[str], *, browse: bool) -> None:
    """The server answers: tell where, on this machine and for others."""
    url = urls[0]
    write_line(f"the lab is open at {url} (Ctrl-C closes it)")
    for other in urls[1:]:
        write_line(f"from other machines at {other}")
    sys.stdout.flush()
    if browse and _has_screen():
        import webbrowser

        threading.Thread(target=webbrowser.open, args=(url,), name="digitlab-browser", daemon=True).start()


def _has_screen() -> bool:
    """Without one, a browser for terminals would open where the lab's own words are."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
