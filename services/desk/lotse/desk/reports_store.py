"""The queries behind reports. Each reads the facts of a span once and counts them at every level at once.

A level is all, a step of time, a channel, a team or an agent; a fact stands in exactly one step, channel, team and
agent, so that each level adds up to the first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, Field, TypeAdapter

from lotse.desk.reports import Figures, Line, OpenNow, Point, Report, Selection, Topic
from lotse.runtime.postgres import Tx

_BEGIN = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL plan_cache_mode = force_custom_plan;
SET LOCAL enable_seqscan = on;
SET LOCAL random_page_cost = 1.1;
SET LOCAL work_mem = '32MB';
SET LOCAL statement_timeout = '10s'
"""
"""One moment for all figures, and plans for the span at hand: a year may well be most of a table."""

_WANTED = """
      ($4::text[] IS NULL OR f.channel = ANY($4))
  AND ($5::text IS NULL OR f.team = $5)
  AND ($6::text IS NULL OR f.agent = $6)
"""

_SETS = "GROUPING SETS ((), (f.bucket), (f.channel), (f.team), (f.agent))"

_PLACE = """
    grouping(f.bucket, f.channel, f.team, f.agent) AS level,
    coalesce(f.bucket::text, f.channel, f.team, f.agent) AS place
"""

_MESSAGES = f"""
WITH f AS MATERIALIZED (
    SELECT width_bucket(m.occurred_at, $1::timestamptz[]) AS bucket, coalesce(m.channel, c.channel, '') AS channel,
           coalesce(c.team, '') AS team, coalesce(c.last_agent, '') AS agent, count(*) AS messages
    FROM message AS m LEFT JOIN conversation AS c ON c.id = m.conversation_id
    WHERE m.occurred_at >= $2 AND m.occurred_at < $3 AND NOT m.auto
    GROUP BY 1, 2, 3, 4
)
SELECT row_to_json(t)::text FROM (
    SELECT {_PLACE}, json_build_object('messages', coalesce(sum(f.messages), 0)) AS figures
    FROM f WHERE {_WANTED} GROUP BY {_SETS}
) AS t
"""  # noqa: S608

_OPENED = f"""
WITH f AS MATERIALIZED (
    SELECT width_bucket(c.opened_at, $1::timestamptz[]) AS bucket, coalesce(c.channel, '') AS channel,
           coalesce(c.team, '') AS team, coalesce(c.last_agent, '') AS agent,
           coalesce(c.sentiment, 'unread') AS sentiment, coalesce(c.situation, 'none') AS situation,
           c.status = 'set_aside' AND c.triage = 'spam' AS spam, count(*) AS opened
    FROM conversation AS c
    WHERE c.opened_at >= $2 AND c.opened_at < $3 AND NOT c.auto
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT row_to_json(t)::text FROM (
    SELECT {_PLACE}, json_build_object(
        'opened', coalesce(sum(f.opened), 0),
        'spam', coalesce(sum(f.opened) FILTER (WHERE f.spam), 0),
        'sentiment', json_build_object(
            'positive', coalesce(sum(f.opened) FILTER (WHERE f.sentiment = 'positive'), 0),
            'neutral', coalesce(sum(f.opened) FILTER (WHERE f.sentiment = 'neutral'), 0),
            'negative', coalesce(sum(f.opened) FILTER (WHERE f.sentiment = 'negative'), 0),
            'unsure', coalesce(sum(f.opened) FILTER (WHERE f.sentiment = 'unsure'), 0),
            'unread', coalesce(sum(f.opened) FILTER (WHERE f.sentiment = 'unread'), 0)),
        'situation', json_build_object(
            'crisis', coalesce(sum(f.opened) FILTER (WHERE f.situation = 'crisis'), 0),
            'question', coalesce(sum(f.opened) FILTER (WHERE f.situation = 'question'), 0),
            'complaint', coalesce(sum(f.opened) FILTER (WHERE f.situation = 'complaint'), 0),
            'untruth', coalesce(sum(f.opened) FILTER (WHERE f.situation = 'untruth'), 0),
            'compliment', coalesce(sum(f.opened) FILTER (WHERE f.situation = 'compliment'), 0),
            'quote_request', coalesce(sum(f.opened) FILTER (WHERE f.situation = 'quote_request'), 0),
            'none', coalesce(sum(f.opened) FILTER (WHERE f.situation = 'none'), 0))
    ) AS figures
    FROM f WHERE {_WANTED} GROUP BY {_SETS}
) AS t
"""  # noqa: S608

_REPLIES = f"""
WITH f AS MATERIALIZED (
    SELECT width_bucket(v.sent_at, $1::timestamptz[]) AS bucket, coalesce(v.channel, c.channel, '') AS channel,
           coalesce(c.team, '') AS team, coalesce(v.agent_id, '') AS agent, count(*) AS replies
    FROM delivery AS v LEFT JOIN conversation AS c ON c.id = v.conversation_id
    WHERE v.sent_at >= $2 AND v.sent_at < $3 AND v.human AND v.failed_at IS NULL
    GROUP BY 1, 2, 3, 4
)
SELECT row_to_json(t)::text FROM (
    SELECT {_PLACE}, json_build_object('replies', coalesce(sum(f.replies), 0)) AS figures
    FROM f WHERE {_WANTED} GROUP BY {_SETS}
) AS t
"""  # noqa: S608

_RESPONSES = f"""
WITH answerer AS (
    SELECT conversation_id, sent_at, min(agent_id) AS agent_id FROM delivery
    WHERE sent_at >= $2 AND sent_at < $3 AND human
    GROUP BY 1, 2
), f AS MATERIALIZED (
    SELECT width_bucket(d.met_at, $1::timestamptz[]) AS bucket, d.channel, coalesce(c.team, '') AS team,
           coalesce(v.agent_id, c.last_agent, '') AS agent, d.clock = 'first_response' AS first,
           d.missed_at IS NULL AS kept, false AS missed, d.corrected,
           CASE WHEN d.started_at IS NOT NULL
                THEN greatest(extract(epoch FROM d.met_at - d.started_at), 0)::float8 END AS seconds,
           extract(epoch FROM d.business_time)::float8 AS business
    FROM deadline AS d
    LEFT JOIN conversation AS c ON c.id = d.conversation_id
    LEFT JOIN answerer AS v ON v.conversation_id = d.conversation_id AND v.sent_at = d.met_at
    WHERE d.met_at >= $2 AND d.met_at < $3 AND d.state = 'met'
    UNION ALL
    SELECT width_bucket(d.missed_at, $1::timestamptz[]), d.channel, coalesce(c.team, ''), coalesce(c.last_agent, ''),
           d.clock = 'first_response', false, true, false, NULL, NULL
    FROM deadline AS d LEFT JOIN conversation AS c ON c.id = d.conversation_id
    WHERE d.missed_at >= $2 AND d.missed_at < $3 AND (d.state <> 'cancelled' OR d.end_reason = 'resolved')
), counted AS (
    SELECT {_PLACE},
        count(*) FILTER (WHERE f.kept) AS kept, count(*) FILTER (WHERE f.missed) AS missed,
        count(*) FILTER (WHERE f.kept AND f.corrected) AS corrected,
        count(f.seconds) FILTER (WHERE f.first) AS firsts,
        percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f.seconds) FILTER (WHERE f.first) AS first,
        percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f.business) FILTER (WHERE f.first) AS first_business,
        count(f.seconds) FILTER (WHERE NOT f.first) AS nexts,
        percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f.seconds) FILTER (WHERE NOT f.first) AS next,
        percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f.business) FILTER (WHERE NOT f.first)
            AS next_business
    FROM f WHERE {_WANTED} GROUP BY {_SETS}
)
SELECT row_to_json(t)::text FROM (
    SELECT level, place, json_build_object(
        'kept', kept, 'missed', missed, 'corrected', corrected,
        'first_response', json_build_object(
            'count', firsts, 'p50', first[1], 'p90', first[2],
            'business_p50', first_business[1], 'business_p90', first_business[2]),
        'next_response', json_build_object(
            'count', nexts, 'p50', next[1], 'p90', next[2],
            'business_p50', next_business[1], 'business_p90', next_business[2])
    ) AS figures
    FROM counted
) AS t
"""  # noqa: S608

_RESOLUTIONS = f"""
WITH f AS MATERIALIZED (
    SELECT width_bucket(s.at, $1::timestamptz[]) AS bucket, coalesce(c.channel, '') AS channel,
           coalesce(c.team, '') AS team, coalesce(s.agent_id, '') AS agent, s.reopened_at,
           greatest(extract(epoch FROM s.at - s.since), 0)::float8 AS seconds
    FROM resolution AS s LEFT JOIN conversation AS c ON c.id = s.conversation_id
    WHERE s.at >= $2 AND s.at < $3
), counted AS (
    SELECT {_PLACE}, count(*) AS resolved, count(f.reopened_at) AS reopened,
        percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f.seconds) AS took
    FROM f WHERE {_WANTED} GROUP BY {_SETS}
)
SELECT row_to_json(t)::text FROM (
    SELECT level, place, json_build_object(
        'resolved', resolved, 'reopened', reopened,
        'resolution', json_build_object('count', resolved, 'p50', took[1], 'p90', took[2])
    ) AS figures
    FROM counted
) AS t
"""  # noqa: S608

_CHECKED = f"""
WITH f AS MATERIALIZED (
    SELECT width_bucket(p.at, $1::timestamptz[]) AS bucket, coalesce(c.channel, '') AS channel,
           coalesce(c.team, '') AS team, p.agent_id AS agent, count(*) FILTER (WHERE p.approved) AS approved,
           count(*) FILTER (WHERE NOT p.approved) AS blocked
    FROM reply AS p LEFT JOIN conversation AS c ON c.id = p.conversation_id
    WHERE p.at >= $2 AND p.at < $3
    GROUP BY 1, 2, 3, 4
)
SELECT row_to_json(t)::text FROM (
    SELECT {_PLACE}, json_build_object(
        'approved', coalesce(sum(f.approved), 0), 'blocked', coalesce(sum(f.blocked), 0)
    ) AS figures
    FROM f WHERE {_WANTED} GROUP BY {_SETS}
) AS t
"""  # noqa: S608

FAMILIES: Mapping[str, str] = {
    "messages": _MESSAGES,
    "opened": _OPENED,
    "replies": _REPLIES,
    "responses": _RESPONSES,
    "resolutions": _RESOLUTIONS,
    "checked": _CHECKED,
}

TOPICS = f"""
WITH f AS MATERIALIZED (
    SELECT c.topics, c.opened_at >= $2 AS now, coalesce(c.situation = 'complaint', false) AS complains,
           coalesce(c.channel, '') AS channel, coalesce(c.team, '') AS team, coalesce(c.last_agent, '') AS agent,
           count(*) AS number
    FROM conversation AS c
    WHERE c.opened_at >= $1 AND c.opened_at < $3 AND NOT c.auto AND c.topics <> '[]'
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT row_to_json(t)::text FROM (
    SELECT o.topic, coalesce(sum(f.number) FILTER (WHERE f.now), 0) AS conversations,
        coalesce(sum(f.number) FILTER (WHERE f.now AND f.complains), 0) AS complaints,
        coalesce(sum(f.number) FILTER (WHERE f.complains AND NOT f.now), 0) AS complaints_before
    FROM f CROSS JOIN LATERAL (SELECT DISTINCT json_array_elements_text(f.topics::json) AS topic) AS o
    WHERE {_WANTED}
    GROUP BY o.topic HAVING count(*) FILTER (WHERE f.now OR f.complains) > 0
    ORDER BY 2 DESC, 3 DESC, 1 LIMIT 100
) AS t
"""  # noqa: S608

OPEN_NOW = """
SELECT row_to_json(t)::text FROM (
    SELECT coalesce(c.channel, '') AS channel, count(*) FILTER (WHERE c.status = 'new') AS new,
        count(*) FILTER (WHERE c.status = 'queued') AS queued,
        count(*) FILTER (WHERE c.status = 'assigned') AS assigned,
        count(*) FILTER (WHERE c.status = 'waiting') AS waiting,
        count(*) FILTER (WHERE c.status = 'snoozed') AS snoozed
    FROM (
        SELECT channel, team, assignee, status FROM conversation WHERE status IN ('new', 'queued', 'assigned')
        UNION ALL
        SELECT channel, team, assignee, status FROM conversation WHERE status IN ('waiting', 'snoozed')
    ) AS c
    WHERE ($1::text[] IS NULL OR c.channel = ANY($1))
      AND ($2::text IS NULL OR c.team = $2)
      AND ($3::text IS NULL OR c.assignee = $3)
    GROUP BY 1 ORDER BY 1
) AS t
"""

_AS_OF = "SELECT to_timestamp(max(last_stamp) / 1e6) FROM inbox WHERE last_stamp > 0"

_ALL, _BUCKET, _CHANNEL, _TEAM, _AGENT = 0b1111, 0b0111, 0b1011, 0b1101, 0b1110
"""Levels, as `grouping` names them: the columns that were left out."""


class _Counted(BaseModel):
    """One family's figures at one place of a level."""

    level: int
    place: str | None
    figures: dict[str, object] = Field(default_factory=dict[str, object])


Places = dict[str, dict[str, object]]
"""Figures by place, of one level."""

_TOPIC, _OPEN = TypeAdapter(Topic), TypeAdapter(OpenNow)


async def report(tx: Tx, wanted: Selection) -> Report:
    """Everything that is counted of a selection. `tx` is one that nothing was read in yet."""
    await begin(tx)
    span, bounds = wanted.span, wanted.span.bounds
    levels = await _levels(tx, wanted)
    everything = levels[_ALL].get("", {})
    return Report(
        first=span.first,
        last=span.last,
        zone=span.zone.key,
        step=span.step,
        as_of=await tx.fetchval(_AS_OF),
        total=Figures.model_validate(everything),
        over_time=_over_time(levels[_BUCKET], bounds),
        channels=_lines(levels[_CHANNEL]),
        teams=_lines(levels[_TEAM]),
        agents=_lines(levels[_AGENT]),
        topics=await _topics(tx, wanted),
        open_now=await _open_now(tx, wanted),
    )


async def begin(tx: Tx) -> None:
    """Read as reports do, from now on in this transaction."""
    await tx.execute(_BEGIN)


def arguments(wanted: Selection) -> tuple[object, ...]:
    """What each of `FAMILIES` takes."""
    bounds = wanted.span.bounds
    return bounds, bounds[0], bounds[-1], wanted.channels, wanted.team, wanted.agent


async def _levels(tx: Tx, wanted: Selection) -> Mapping[int, Places]:
    levels: dict[int, Places] = {level: {} for level in (_ALL, _BUCKET, _CHANNEL, _TEAM, _AGENT)}
    for query in FAMILIES.values():
        for row in await tx.fetch(query, *arguments(wanted)):
            counted = _Counted.model_validate_json(row[0])
            levels[counted.level].setdefault(counted.place or "", {}).update(counted.figures)
    return levels


def _over_time(places: Places, bounds: Sequence[datetime]) -> tuple[Point, ...]:
    """Every step of the span, also those in which nothing happened."""
    steps = zip(bounds[:-1], bounds[1:], strict=True)
    return tuple(
        Point.model_validate({"at": at, "until": until, **places.get(str(number), {})})
        for number, (at, until) in enumerate(steps, start=1)
    )


def _lines(places: Places) -> tuple[Line, ...]:
    return tuple(Line.model_validate({"name": name, **figures}) for name, figures in sorted(places.items()))


async def _topics(tx: Tx, wanted: Selection) -> tuple[Topic, ...]:
    bounds = wanted.span.bounds
    before = wanted.span.before.bounds[0]
    rows = await tx.fetch(TOPICS, before, bounds[0], bounds[-1], wanted.channels, wanted.team, wanted.agent)
    return tuple(_TOPIC.validate_json(row[0]) for row in rows)


async def _open_now(tx: Tx, wanted: Selection) -> tuple[OpenNow, ...]:
    rows = await tx.fetch(OPEN_NOW, wanted.channels, wanted.team, wanted.agent)
    return tuple(_OPEN.validate_json(row[0]) for row in rows)
