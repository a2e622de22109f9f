"""CPU and memory by process, engines included."""

from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from lotse.local.stack import Stack


@dataclass(frozen=True, slots=True)
class Reading:
    """Processor seconds used so far and resident bytes, by process."""

    cpu: Mapping[str, float]
    rss: Mapping[str, float]


def read(stack: Stack | None, extra: Mapping[str, int]) -> Reading:
    """The services by name, `kafka` and `postgres` with its children, and the bench itself."""
    me = psutil.Process()
    named = dict(stack.supervisor.pids) if stack else {}
    processes = {name: [psutil.Process(pid)] for name, pid in {**named, **extra}.items()}
    processes |= {"bench": [me]}
    for child in me.children():
        if child.pid in named.values() or child.pid in extra.values():
            continue
        name = child.name()
        if name == "java":
            processes["kafka"] = [child]
        elif name.startswith("postgres"):
            processes["postgres"] = [child, *child.children(recursive=True)]
    return Reading(
        {name: sum(_cpu(p) for p in group) for name, group in processes.items()},
        {name: sum(_rss(p, name) for p in group) for name, group in processes.items()},
    )


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return (
        times.user + times.system + (times.children_user + times.children_system if process.name() == "postgres" else 0)
    )


def _rss(process: psutil.Process, name: str) -> float:
    """Resident memory; of PostgreSQL's processes only what each has to itself."""
    try:
        memory = process.memory_info()
        return float(memory.rss - memory.shared) if name == "postgres" else float(memory.rss)
    except psutil.NoSuchProcess:
        return 0.0
