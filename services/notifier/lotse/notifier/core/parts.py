"""How a text and its files become messages."""

from collections.abc import Sequence

from lotse.contracts import replies
from lotse.contracts.channels import Profile
from lotse.contracts.files import FileRules, TextWith
from lotse.contracts.values import Address, Attachment
from lotse.notifier.core.model import Sink
from lotse.notifier.core.rules import Rules

Parts = tuple[str, ...]
FilesOfParts = tuple[tuple[Attachment, ...], ...]


def lay_out(
    rules: Rules, address: Address, profile: Profile, text: str, files: Sequence[Attachment]
) -> tuple[Parts, FilesOfParts]:
    """The messages in the order of their sending, each with the files that go with it.

    One message where the other side takes text and files together. Otherwise the text goes first and each file is a
    message of its own, but for a short text where the channel shows it under the first file.
    """
    if not files:
        return split(rules, address, profile, text), ()
    if rules.sink(address.account, address.channel) is not Sink.META or profile.files is None:
        return (text,), (tuple(files),)
    alone = tuple((file,) for file in files)
    match profile.files.text:
        case TextWith.SAME:
            return (text,), (tuple(files),)
        case TextWith.CAPTION if _fits_under(profile, profile.files, text, files[0]):
            return (text, *("" for _ in files[1:])), alone
        case _:
            texts = split(rules, address, profile, text) if text.strip() else ()
            return (*texts, *("" for _ in files)), (*(() for _ in texts), *alone)


def _fits_under(profile: Profile, rules: FileRules, text: str, file: Attachment) -> bool:
    rule = rules.of(file.media_type)
    length = replies.length(profile, text)
    return rule is not None and rule.captioned and rules.caption is not None and length <= rules.caption


def split(rules: Rules, address: Address, profile: Profile, text: str) -> Parts:
    """The messages that carry the text; one where it may not be split, which the check then says."""
    if rules.sink(address.account, address.channel) is not Sink.META:
        return (text,)
    parts = replies.split(text, profile)
    return parts if isinstance(parts, tuple) else (text,)
