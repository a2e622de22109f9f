"""What notifier writes, ingest reads; what others write is not ours."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts.ids import ConversationId, ReplyId
from lotse.contracts.references import (
    conversation_of_plus_address,
    mail_message_id,
    plus_address,
    provider_reference,
    reply_of,
    reply_of_message_id,
)

REPLY = ReplyId(UUID("5a0b7f0e-5d0b-5f53-9d6d-1a2b3c4d5e6f"))
LOCAL = st.from_regex(r"[A-Za-z0-9._+-]{1,40}", fullmatch=True)


@given(st.uuids(), LOCAL)
def test_every_reference_leads_back_to_its_origin(number: UUID, local: str) -> None:
    reply, conversation = ReplyId(number), ConversationId(number)
    assert reply_of(provider_reference(reply)) == reply
    assert reply_of_message_id(mail_message_id(reply, "example.org")) == reply
    address = plus_address(f"{local}@example.org", conversation)
    assert conversation_of_plus_address(address) == conversation
    assert conversation_of_plus_address(address.upper()) == conversation


@given(st.text() | st.none())
def test_reading_any_text_never_raises(text: str | None) -> None:
    assert reply_of(text) is None or (text or "").strip().startswith("lotse:")
    assert reply_of_message_id(text) is None or "lotse." in (text or "")
    assert conversation_of_plus_address(text) is None or "+" in (text or "")


def test_the_formats_stand() -> None:
    assert provider_reference(REPLY) == f"lotse:{REPLY}"
    assert mail_message_id(REPLY, "example.org") == f"<lotse.{REPLY}@example.org>"
    assert plus_address("service@example.org", ConversationId(REPLY)) == f"service+{REPLY.hex}@example.org"


@pytest.mark.parametrize(
    "foreign",
    [None, "", "lotse:", "lotse:5a0b", f"other:{REPLY}", f"lotse:{REPLY}:2", f"lotse:{str(REPLY).upper()}"],
)
def test_another_systems_reference_is_not_ours(foreign: str | None) -> None:
    assert reply_of(foreign) is None


@pytest.mark.parametrize("foreign", [f"<{REPLY}@example.org>", f"<{str(REPLY).upper()}@example.org>", "<a@b>", "<>"])
def test_a_mail_programs_own_uuid_is_not_our_message_id(foreign: str) -> None:
    assert reply_of_message_id(foreign) is None


@pytest.mark.parametrize("other", ["service@example.org", "service+news@example.org", f"{REPLY.hex}@example.org"])
def test_an_address_without_our_token_leads_nowhere(other: str) -> None:
    assert conversation_of_plus_address(other) is None


@pytest.mark.parametrize("broken", ["service", "@example.org", "service@", ""])
def test_only_a_mail_address_gets_a_token(broken: str) -> None:
    with pytest.raises(ValueError, match="local part"):
        plus_address(broken, ConversationId(REPLY))
