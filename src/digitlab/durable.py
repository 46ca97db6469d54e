"""Files that are either wholly there or not there at all, even when the power fails.

A new content goes to a temporary file in the same folder, is forced to disk, takes the final name by
one atomic rename, and the folder (which holds the name) is forced to disk as well. At every moment the
final name shows the old content or the new one, never a mixture.
"""

import errno
import fcntl
import os
import secrets
from pathlib import Path

TEMPORARY_PREFIX = ".unfinished-"  # what a killed process leaves behind is recognised by this
NOT_KNOWN = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY}  # a request that a file system does not know


def write_durably(path: Path, content: bytes) -> None:
    """Give ``path`` the new ``content``, atomically and durably. Where it is a link, the file that it leads to.

    Raises:
        OSError: the disk is full, the folder is read-only, and so on. ``path`` is then wholly old; or wholly new, where
            it was the folder alone that could not be forced to disk. A pipe, socket or device is never replaced.
    """
    path = Path(os.path.realpath(path))  # the rename would replace a link, and leave the file behind it as it was
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FileExistsError(errno.EEXIST, "a pipe, socket or device is in the way", str(path))
    temporary = path.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            force(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def make_durably(folder: Path) -> None:
    """Make a folder, and those above it where they are missing; each name that is new is forced to disk."""
    if not folder.parent.exists():
        make_durably(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def force(handle: int) -> None:
    """Force what was written to an open file, or the names in an open folder, to disk.

    On macOS ``fsync`` leaves it in the drive's own memory, which a power failure empties; ``F_FULLFSYNC`` does not.
    Where a file system does not know that request, ``fsync`` has to do; a failure of the request itself is never passed
    over, since an fsync after it may claim that all is well.
    """
    request = getattr(fcntl, "F_FULLFSYNC", None)
    if request is not None:
        try:
            fcntl.fcntl(handle, request)
        except OSError as error:
            if error.errno not in NOT_KNOWN:
                raise
        else:
            return
    os.fsync(handle)


def sync(path: Path) -> None:
    """Force a file's content, or the names in a folder, to disk: a rename is durable only after its folder is."""
    handle = os.open(path, os.O_RDONLY)
    try:
        force(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove the temporary files of a process that was killed. Only for a folder in which nobody else is writing."""
    for stray in folder.glob(f"{TEMPORARY_PREFIX}*"):
        stray.unlink(missing_ok=True)
