"""What can keep the local stack from running."""

from pathlib import Path


class LocalError(Exception):
    """The local stack cannot do what was asked."""


class PrerequisiteMissing(LocalError):
    """The machine lacks something; the text is one line and says what to do."""


class StartFailed(LocalError):
    """A process ended, or gave no answer in time, before it was ready."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        super().__init__(f"{name} did not start; the end of {log}:\n{last_lines(log)}")


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, or nothing where the file is not there."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
