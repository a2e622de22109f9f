"""What customers are promised where the operator has said nothing: what they expect of each channel."""

from collections.abc import Mapping
from typing import Final

from lotse.contracts.calendars import ALWAYS, Calendar
from lotse.contracts.channels import PROFILES, Channel, Profile
from lotse.contracts.config import Policy, When
from lotse.contracts.deadlines import Clock

CALENDARS: Final[Mapping[str, Calendar]] = {
    "always": ALWAYS,
    "working-days": Calendar.model_validate(
        {"name": "working-days", "zone": "Europe/Berlin", "week": {"mon-fri": ["00:00-24:00"]}, "country": "DE"}
    ),
}
"""`working-days` counts whole days from Monday to Friday without the holidays of all German states."""

_IN_WORKING_DAYS: Final = frozenset({Channel.LETTER})


def _policy(profile: Profile) -> Policy | None:
    if profile.answer_expected is None:
        return None
    return Policy(
        name=profile.channel.value,
        when=When(channel=(profile.channel,)),
        targets={
            Clock.FIRST_RESPONSE: profile.answer_expected,
            Clock.NEXT_RESPONSE: profile.next_answer_expected or profile.answer_expected,
        },
        calendar="working-days" if profile.channel in _IN_WORKING_DAYS else "always",
    )


POLICIES: Final = tuple(policy for profile in PROFILES.values() if (policy := _policy(profile)))
