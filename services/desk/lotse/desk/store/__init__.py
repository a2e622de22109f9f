"""The fold's tables: what a batch touches is read in one query each and written in one statement each.

No row is locked: the rows of a key are written by the reader of its partition alone, which holds the
partition's `inbox` row; customers, identities and outcomes, which several keys write, are merged by the
statements themselves, in the order of their keys.
"""

from lotse.contracts.envelope import Event
from lotse.contracts.events import all_types
from lotse.contracts.insights import AnalysisWithdrawn, MessageAnalysed
from lotse.contracts.topics import Topic
from lotse.desk import changes
from lotse.desk.core.projection import decide
from lotse.desk.core.state import State
from lotse.desk.store.loading import load
from lotse.desk.store.saving import save
from lotse.runtime.fold import Fold, Reads


def fold() -> Fold[State]:
    """The desk's one fold. It reads every type of the sequenced topics, so that a jump is a loss."""
    return Fold(
        reads=(
            Reads(Topic.CONVERSATIONS, _types(Topic.CONVERSATIONS)),
            Reads(Topic.INSIGHTS, (MessageAnalysed, AnalysisWithdrawn)),
            Reads(Topic.DEADLINES, _types(Topic.DEADLINES)),
            Reads(Topic.NOTICES, _types(Topic.NOTICES)),
        ),
        load=load,
        decide=decide,
        save=save,
        mark=changes.mark,
    )


def _types(topic: Topic) -> tuple[type[Event], ...]:
    return tuple(kind for kind in all_types() if topic == kind.TOPIC)
