"""`lotse-corrections`: what people corrected, from the log, as labelled messages that `lotse-train` takes."""

import argparse
import asyncio
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lotse.contracts.conversations import MessageAdded, MessageRemoved, MessageUpdated, ReadingChanged
from lotse.contracts.envelope import EnvelopeError, Event, decode
from lotse.contracts.ids import MessageId
from lotse.contracts.topics import Topic
from lotse.contracts.values import Reading
from lotse.runtime import log
from lotse.runtime.errors import RuntimeFault
from lotse.runtime.settings import KafkaSettings
from lotse.sentiment.core.lexicon import TOPICS
from lotse.sentiment.corpus import ANSWERS, Head

COLUMNS: tuple[str, ...] = ("text", "language", "sentiment", "triage", "situation", "topics", "group")
_CLIENT = "lotse-corrections"

TextId = tuple[MessageId, datetime | None]
"""A message and which of its texts: the time of the edit, None for the first."""


@dataclass(slots=True)
class Corrections:
    """What the log told so far. Texts of a message come before what is said of them, since both bear one key."""

    texts: dict[TextId, str] = field(default_factory=dict[TextId, str])
    readings: dict[TextId, Reading] = field(default_factory=dict[TextId, Reading])

    def hear(self, event: Event) -> None:
        match event:
            case MessageAdded():
                whole = f"{event.subject}\n{event.text}" if event.subject else event.text
                self.texts[event.message_id, None] = whole
            case MessageUpdated():
                self.texts[event.message_id, event.edited_at] = event.text
            case MessageRemoved():
                for known in [text for text in self.texts if text[0] == event.message_id]:
                    del self.texts[known]
            case ReadingChanged(reason="corrected"):
                self.readings[event.message_id, event.edited_at] = event.current
            case _:
                pass

    def rows(self) -> Iterator[Mapping[str, str]]:
        """A line for each text that a person read otherwise; `group` keeps the texts of one message together."""
        for known, reading in self.readings.items():
            if known in self.texts:
                yield _row(self.texts[known], reading, str(known[0]))


def _row(text: str, reading: Reading, group: str) -> Mapping[str, str]:
    """Labels that training does not know, such as `unsure`, stay empty: not known."""
    said: dict[Head, str] = {
        "language": reading.language if reading.language != "und" else "",
        "sentiment": reading.sentiment.value,
        "triage": reading.triage.value,
        "situation": reading.situation.value if reading.situation else "none",
    }
    labels = {head: label if label in ANSWERS[head] else "" for head, label in said.items()}
    topics = " ".join(topic for topic in reading.topics if topic in TOPICS)
    return {"text": text.strip(), **labels, "topics": topics, "group": group}


def write_labels(rows: Iterable[Mapping[str, str]], path: Path) -> int:
    """Write a `.csv` in which texts keep their lines, else a table with tabs; how many there were."""
    found = [row for row in rows if row["text"]]
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(found)
        else:
            lines = [COLUMNS, *(tuple(" ".join(row[name].split()) for name in COLUMNS) for row in found)]
            file.writelines("\t".join(line) + "\n" for line in lines)
    return len(found)


async def read_log(settings: KafkaSettings) -> Corrections:
    """Everything on `lotse-conversations` up to now. Raises BrokerUnavailable."""
    found = Corrections()
    ends = await log.ends(settings, Topic.CONVERSATIONS.full_name(settings.topic_prefix), _CLIENT)
    async for record in log.until(settings, ends, _CLIENT):
        try:
            found.hear(decode(record.headers, record.value).data)
        except EnvelopeError:
            continue
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 where the file was written."""
    parser = argparse.ArgumentParser("lotse-corrections", description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="the file, `.csv` or with tabs; it is overwritten")
    out: Path = parser.parse_args(arguments).out
    try:
        found = asyncio.run(read_log(KafkaSettings.read()))
        written = write_labels(found.rows(), out)
    except (RuntimeFault, OSError) as error:
        print(f"lotse-corrections: {error}", file=sys.stderr)
        return 2
    gone = len(found.readings) - written
    print(f"wrote {written} corrected messages to {out}" + (f"; {gone} have no text any more" if gone else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
