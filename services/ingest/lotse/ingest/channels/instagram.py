"""Instagram's changes: comments and mentions. Direct messages come as Messenger's do.

Source: https://developers.facebook.com/docs/graph-api/webhooks/reference/instagram
"""

from pydantic import Field

from lotse.contracts.channels import Channel
from lotse.ingest.channels import messenger
from lotse.ingest.channels.entry import Change, Party, Post
from lotse.ingest.channels.parsed import Id, Incoming, Moment, NotUnderstood
from lotse.ingest.channels.scene import Found

_MESSAGING = (
    "messages",
    "message_edit",
    "message_reactions",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
)


class _Media(Incoming):
    id: Id


class _Comment(Incoming):
    id: Id
    author: Party | None = Field(default=None, alias="from")
    media: _Media | None = None
    parent_id: Id | None = None
    text: str | None = None
    created_time: Moment = None


class _Mention(Incoming):
    media_id: Id | None = None
    comment_id: Id | None = None


def read(post: Post, part: object) -> Found:
    """What one change of an Instagram account says.

    Raises:
        NotUnderstood, pydantic.ValidationError: It is a comment or mention of an unknown form.
    """
    change = Change.model_validate(part)
    if change.field in ("comments", "live_comments"):
        return _comment(post, _Comment.model_validate(change.value))
    if change.field == "mentions":
        return _mention(post, _Mention.model_validate(change.value))
    if change.field in _MESSAGING:
        return messenger.read(post, change.value, Channel.INSTAGRAM_DIRECT)
    return Found()


def _comment(post: Post, comment: _Comment) -> Found:
    by = comment.author and comment.author.id
    above = comment.parent_id or (comment.media and comment.media.id)
    scene = post.scene(Channel.INSTAGRAM, comment.parent_id or comment.id, comment.created_time)
    if post.is_own(by):
        return scene.echoed(comment.id, above or comment.id, comment.text or "")
    return scene.received(
        comment.id,
        (post.author(by, comment.id),),
        comment.text or "",
        sender_name=comment.author and (comment.author.username or comment.author.name),
        parent=above,
    )


def _mention(post: Post, mention: _Mention) -> Found:
    """Somebody named us; Instagram tells where and neither who nor what."""
    about = mention.comment_id or mention.media_id
    if about is None:
        raise NotUnderstood("mention")
    scene = post.scene(Channel.INSTAGRAM, about)
    return scene.received(about, (post.author(None, about),), "", parent=mention.media_id)
