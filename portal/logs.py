"""The log: a line of text or a JSON object for each event, with the id of its request.

A log names no person: messages say what happened and where. Only the type of an exception and
the places in the code are written, since its text may be a person's words; the errors of
templates and catalogs are written in full. asyncio puts the text of an exception into its own
messages, so only their first line is written. The id of a request is the same in a proxy's log,
in the lines here and in the response (``X-Request-ID``). Pages that are ready in an edition
have no id, and write no line.
"""

import json
import logging
import re
import secrets
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

from portal.settings import Settings

LINE = "%(asctime)s %(levelname)s %(message)s"
_request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that the present task answers; empty for everything else."""
_USABLE = re.compile(rb"[A-Za-z0-9._-]{1,64}")

ExceptionInfo: TypeAlias = (
    "tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]"
)
"""As ``sys.exc_info`` gives it."""


def open_log(settings: Settings) -> None:
    """Write everything from now on to standard error, as the settings say."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines(LINE))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("asyncio").addFilter(keep_first_line)


def keep_first_line(record: logging.LogRecord) -> bool:
    """Shorten a message of asyncio to what happened: further lines have the texts of exceptions."""
    record.msg, record.args = record.getMessage().partition("\n")[0], ()
    return True


def begin_request(offered: bytes) -> bytes:
    """Set the id of the current task's request; its log lines contain the id from then on.

    Args:
        offered: the id that a trusted proxy has given; another is made where it cannot be
            used: only ``A-Z a-z 0-9 . _ -``, at most 64 of them.
    """
    request_id = offered if _USABLE.fullmatch(offered) else secrets.token_hex(8).encode()
    _request_id.set(request_id.decode())
    return request_id


def describe(error: BaseException) -> str:
    """The type of an exception and where it was raised, innermost first; not its text."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {where}"


class TextLines(logging.Formatter):
    """Lines for people."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line, with the id of its request at the end."""
        line = super().formatMessage(record)
        return f"{line} [{request_id}]" if (request_id := _request_id.get()) else line

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802
        """What may be said of an exception."""
        return describe(ei[1]) if ei[1] else ""


class JsonLines(logging.Formatter):
    """One JSON object a line, for log collectors; its time is in UTC (RFC 3339)."""

    def format(self, record: logging.LogRecord) -> str:
        """The object of one event."""
        moment = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := _request_id.get():
            fields["request"] = request_id
        if record.exc_info and record.exc_info[1]:
            fields["error"] = describe(record.exc_info[1])
        return json.dumps(fields)
