"""A Facebook page's changes: comments, visitors' posts, mentions, ratings, and what happens to them.

Source: https://developers.facebook.com/docs/graph-api/webhooks/reference/page
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from pydantic import Field

from lotse.contracts.channels import Channel
from lotse.contracts.values import Attachment
from lotse.ingest.channels import messenger
from lotse.ingest.channels.entry import Change, Party, Post, link
from lotse.ingest.channels.parsed import Id, Incoming, Moment, NotUnderstood
from lotse.ingest.channels.scene import MAX_ATTACHMENTS, Activity, Found, Scene, iso

_EDITS = ("edit", "edited", "update")
_REACTIONS: Mapping[str, Activity] = MappingProxyType(
    {"add": "reaction_added", "edit": "reaction_added", "edited": "reaction_added", "remove": "reaction_removed"}
)
_HIDING: Mapping[str, Activity] = MappingProxyType({"hide": "hidden", "unhide": "unhidden"})
_FILES = ("photo", "video")
_MESSAGING = ("messages", "message_edits", "messaging_postbacks", "message_reactions", "message_reads")


class _Item(Incoming):
    """One thing on the page: `item` is what it is, `verb` what happened to it."""

    item: str
    verb: str
    comment_id: Id | None = None
    post_id: Id | None = None
    parent_id: Id | None = None
    open_graph_story_id: Id | None = None
    author: Party | None = Field(default=None, alias="from")
    sender_id: Id | None = None
    sender_name: str | None = None
    reviewer_id: Id | None = None
    reviewer_name: str | None = None
    created_time: Moment = None
    message: str | None = None
    review_text: str | None = None
    rating: int | None = None
    recommendation_type: str | None = None
    photo: str | None = None
    video: str | None = None
    link: str | None = None
    photos: tuple[str, ...] | None = None

    @property
    def by(self) -> str | None:
        return (self.author and self.author.id) or self.sender_id or self.reviewer_id

    @property
    def name(self) -> str | None:
        return (self.author and self.author.name) or self.sender_name or self.reviewer_name

    @property
    def stars(self) -> int | None:
        """One to five; a recommendation counts as the best or the worst."""
        if self.rating is not None:
            return self.rating if 1 <= self.rating <= 5 else None
        return {"POSITIVE": 5, "NEGATIVE": 1}.get((self.recommendation_type or "").upper())


def read(post: Post, part: object) -> Found:
    """What one change of a page says.

    Raises:
        NotUnderstood, pydantic.ValidationError: It is a change of contents that is not known here.
    """
    change = Change.model_validate(part)
    if change.field in ("feed", "mention"):
        return _content(post, _Item.model_validate(change.value))
    if change.field == "ratings":
        return _rating(post, _Item.model_validate(change.value))
    if change.field in _MESSAGING:
        return messenger.read(post, change.value, Channel.MESSENGER)
    return Found()


def _content(post: Post, item: _Item) -> Found:
    if item.item in ("like", "reaction"):
        return _reaction(post, item, _thread(item))
    if item.item == "comment":
        if item.comment_id is None:
            raise NotUnderstood("comment")
        return _change(post, item, item.comment_id, _thread(item))
    about = item.post_id or item.parent_id
    return Found() if about is None else _change(post, item, about, about)


def _thread(item: _Item) -> str:
    """The top-level comment, or the post where there is none."""
    answered = item.parent_id if item.parent_id != item.post_id else None
    return answered or item.comment_id or item.post_id or "page"


def _rating(post: Post, item: _Item) -> Found:
    """A rating and what is said about it are one conversation, named by the number of the rating's story."""
    story = (item.post_id or "").rpartition("_")[2] or item.open_graph_story_id
    if not story:
        raise NotUnderstood("rating")
    if item.item in ("like", "reaction"):
        return _reaction(post, item, story)
    if item.item == "comment" and item.comment_id is None:
        raise NotUnderstood("comment")
    return _change(post, item, item.comment_id or story, story)


def _reaction(post: Post, item: _Item, thread: str) -> Found:
    about = item.comment_id or item.post_id or item.open_graph_story_id or thread
    scene = post.scene(Channel.FACEBOOK, thread, item.created_time)
    return scene.activity(
        _REACTIONS.get(item.verb, "other"),
        about,
        item.by,
        iso(item.created_time),
        by_us=post.is_own(item.by),
        on_message=item.comment_id is not None,
    )


def _change(post: Post, item: _Item, about: str, thread: str) -> Found:
    """What happened to a comment, post or rating that has this id."""
    edit = item.verb in _EDITS
    by_us = post.is_own(item.by)
    times: tuple[datetime | None, ...] = () if edit else (item.created_time,)
    scene = post.scene(Channel.FACEBOOK, thread, *times)
    if item.verb in _HIDING:
        return scene.activity(_HIDING[item.verb], about, iso(post.entry.time), by_us=True, on_message=True)
    if by_us or (item.by is None and item.item not in ("comment", "post", "status", "rating")):
        return _own(scene, item, about, by_us, iso(post.entry.time))
    if item.verb == "add":
        return _said(post, scene, item, about)
    if edit:
        return scene.edited(about, _text(item), attachments=_files(item), at=post.entry.time)
    if item.verb == "remove":
        return scene.deleted(about)
    return scene.activity("other", about, item.verb, iso(post.entry.time), on_message=True)


def _said(post: Post, scene: Scene, item: _Item, about: str) -> Found:
    return scene.received(
        about,
        (post.author(item.by, about),),
        _text(item),
        sender_name=item.name,
        attachments=_files(item),
        parent=(item.parent_id or item.post_id) if item.item == "comment" else None,
        rating=item.stars if item.item == "rating" else None,
    )


def _own(scene: Scene, item: _Item, about: str, by_us: bool, at: str) -> Found:
    """Our own comment confirms an answer; our own posts are none."""
    if item.item == "comment" and item.verb == "add":
        return scene.echoed(about, item.parent_id or item.post_id or about, _text(item))
    kind: Mapping[str, Activity] = {"add": "posted", "remove": "removed"}
    return scene.activity(kind.get(item.verb, "other"), about, item.verb, at, by_us=by_us)


def _text(item: _Item) -> str:
    """The words, and what they share: a link to elsewhere is no file of the provider's."""
    words = item.message or item.review_text or ""
    shared = item.link if item.link and item.item not in _FILES and item.link not in words else None
    return "\n".join(filter(None, (words, shared)))


def _files(item: _Item) -> tuple[Attachment, ...]:
    files = [link("photo", url) for url in (*(item.photos or ()), item.photo) if url]
    files += [link("video", item.video)] if item.video else []
    files += [link(item.item, item.link)] if item.link and item.item in _FILES else []
    return tuple(files[:MAX_ATTACHMENTS])
