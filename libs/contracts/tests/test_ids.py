"""Ids are derived from their cause, and by the standard."""

from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts.ids import NAMESPACE, derive


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_an_id_is_the_version_5_uuid_of_its_parts(parts):
    assert derive(*parts) == uuid5(NAMESPACE, "\x1f".join(parts))
    assert derive(*parts).version == 5
