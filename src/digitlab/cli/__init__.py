"""The command line: ``digitlab COMMAND``. One file for each command; this one turns whatever happens into an exit code.

Exit codes: 0 done; 1 the work failed; 2 the call was wrong; 130 interrupted by Ctrl-C before there was a result; 143 a
training that was told to end (SIGTERM), and kept what was learnt.

Nothing heavy is imported here: until `main` is at work, a Ctrl-C would be answered with a traceback.
"""

import os
import sys
from collections.abc import Sequence

from digitlab.cli.output import complain, let_go
from digitlab.errors import DigitlabError

__all__ = ["INTERRUPTED", "main"]

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; ``arguments`` are by default those of the process. Returns the exit code."""
    _prepare_streams()
    try:
        from digitlab.cli.commands import run  # brings everything, which takes a moment

        code = run(arguments)
        sys.stdout.flush()
        return code
    except DigitlabError as error:
        return complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        return complain("interrupted", INTERRUPTED)
    except MemoryError:
        return complain("there is not enough memory\n  help: use fewer digits or narrower layers", 1)
    except OSError as error:
        return _give_up(error)


def _prepare_streams() -> None:
    """Standard output and standard error may be closed, or know few letters; neither is a reason to lose an answer."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _give_up(error: OSError) -> int:
    """Whoever read our output has gone, such as `| head`; or the disk behind `> answer.json` is full."""
    let_go(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return 1
    what = "the answer cannot be written" if error.filename is None else f"{error.filename}: it cannot be used"
    return complain(f"{what}\n  got: {error.strerror or error}", 1)
