"""A log line bears no customer's words."""

import asyncio
import gc
import io
import json
import logging

from lotse.runtime.telemetry import JsonLines


def test_an_exception_is_told_by_type_and_place_alone():
    line = told("lotse.any", "a batch could not be handled", ValueError("call me on 0171 1234567"))
    assert line["error"] == "ValueError"
    assert str(line["at"]).endswith(".py:" + str(line["at"]).rpartition(":")[2])
    assert "0171" not in json.dumps(line)


async def test_a_task_that_nobody_awaited_says_nothing_of_its_customer():
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines("test"))
    logger = logging.getLogger("asyncio")
    logger.addHandler(handler)
    try:

        async def failing() -> None:
            raise ValueError("call me on 0171 1234567")

        task = asyncio.create_task(failing())
        await asyncio.wait([task])
        del task
        gc.collect()
    finally:
        logger.removeHandler(handler)
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["text"] == "Task exception was never retrieved"
    assert json.loads(line)["error"] == "ValueError"
    assert "0171" not in line


def told(name: str, text: str, error: Exception) -> dict[str, object]:
    try:
        raise error
    except ValueError as caught:
        info = (type(caught), caught, caught.__traceback__)
        record = logging.LogRecord(name, logging.ERROR, __file__, 1, text, (), info)
    return json.loads(JsonLines("test").format(record))
