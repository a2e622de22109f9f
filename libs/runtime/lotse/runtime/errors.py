"""What can go wrong in the runtime, one type for each thing a caller does differently."""


class RuntimeFault(Exception):
    """The root of the runtime's errors."""


class SettingsError(RuntimeFault):
    """A setting is missing or wrong; the text names it and says what to do."""


class BrokerUnavailable(RuntimeFault):
    """Kafka did not acknowledge in time; the caller asks its own caller to try again."""


class RecordTooLarge(RuntimeFault):
    """The event is larger than any topic takes; nothing of the batch was sent."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the event has {size} bytes, a record takes {limit}")
        self.size = size
        self.limit = limit


class TooManyParked(RuntimeFault):
    """So many records in a row could not be applied that the release is at fault, not the records."""


class TopicMadeAnew(RuntimeFault):
    """A topic ends below what this service has read of it."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"{topic} ends below what was read of it: it was made anew. Remedy: lotse inbox reset {topic}")
        self.topic = topic
