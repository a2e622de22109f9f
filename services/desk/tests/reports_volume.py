"""Many conversations at once, put into the desk's tables in bulk: what a house of that size has after some months."""

from datetime import datetime, timedelta

_COURSES = """
CREATE TEMP TABLE course AS
SELECT i, md5('conversation' || i)::uuid AS id,
    $2::timestamptz + (i + random()) * ($3::interval / $1) AS opened,
    (ARRAY['email', 'email', 'messenger', 'whatsapp', 'facebook', 'instagram', 'webchat', 'reviews'])
        [1 + floor(random() * 8)::int] AS channel,
    (ARRAY['service', 'service', 'social', NULL])[1 + floor(random() * 4)::int] AS team,
    (ARRAY['anna', 'bruno', 'clara', 'david', 'eva'])[1 + floor(random() * 5)::int] AS agent,
    (ARRAY['positive', 'neutral', 'neutral', 'negative', 'unsure'])[1 + floor(random() * 5)::int] AS sentiment,
    (ARRAY['question', 'question', 'complaint', 'compliment', 'quote_request', NULL])
        [1 + floor(random() * 6)::int] AS situation,
    (ARRAY['lieferung', 'rechnung', 'ersatzteil', 'rückgabe', 'konto'])[1 + floor(random() * 5)::int] AS topic,
    random() < 0.04 AS spam, random() < 0.97 AS answered, random() < 0.92 AS resolved, random() < 0.1 AS reopened,
    (random() * random() * 5400)::int * interval '1 second' AS took
FROM generate_series(0, $1::int - 1) AS i
"""

_TABLES = (
    """
INSERT INTO conversation (id, opened_at, updated_at, account, channel, auto, status, priority, assignee, units, team,
                          waiting_since, reading, sentiment, last_agent, triage, situation, topics)
SELECT id, opened, opened + took, 'haupt', channel, false,
    CASE WHEN spam THEN 'set_aside' WHEN resolved THEN 'resolved' WHEN answered THEN 'waiting' ELSE 'queued' END,
    5, CASE WHEN answered AND NOT resolved AND NOT spam THEN agent END, 1, team,
    CASE WHEN NOT answered AND NOT resolved AND NOT spam THEN opened END,
    json_build_object('language', 'de', 'sentiment', sentiment, 'score', 0, 'confidence', 0.9,
        'triage', CASE WHEN spam THEN 'spam' ELSE 'service' END, 'situation', situation,
        'topics', json_build_array(topic), 'lead', false, 'model_version', '1'),
    sentiment, CASE WHEN NOT spam THEN agent END, CASE WHEN spam THEN 'spam' ELSE 'service' END, situation,
    json_build_array(topic)::text
FROM course ORDER BY i
""",
    """
INSERT INTO message (conversation_id, message_id, sequence, occurred_at, channel, sender_name, text, attachments,
                     received_at, auto)
SELECT id, md5('message' || i || n)::uuid, n, opened + (n - 1) * interval '20 minutes', channel, 'Kim Sommer',
    repeat('Wo bleibt denn mein Paket? ', 5), '[]', opened, false
FROM course CROSS JOIN LATERAL generate_series(1, 1 + i % 3) AS n ORDER BY i
""",
    """
INSERT INTO reply (conversation_id, reply_id, sequence, agent_id, approved, text, attachments, leads_to, spans, at)
SELECT id, md5('reply' || i)::uuid, 5, agent, i % 50 <> 0, repeat('Es ist unterwegs. ', 5), '[]', 'waiting', '[]',
    opened + took
FROM course WHERE answered AND NOT spam ORDER BY i
""",
    """
INSERT INTO delivery (conversation_id, reply_id, state, at, agent_id, channel, sent_at, delivered_at, human, elsewhere)
SELECT id, md5('reply' || i)::uuid, 'delivered', opened + took, agent, channel, opened + took, opened + took, true,
    false
FROM course WHERE answered AND NOT spam ORDER BY i
""",
    """
INSERT INTO deadline (conversation_id, deadline_id, clock, channel, state, started_at, due_at, policy, missed_at,
                      met_at, late, corrected, business_time)
SELECT id, md5('deadline' || i)::uuid, CASE WHEN i % 4 = 0 THEN 'next_response' ELSE 'first_response' END, channel,
    CASE WHEN answered THEN 'met' ELSE 'open' END, opened, opened + interval '60 minutes', 'public',
    CASE WHEN took > interval '60 minutes' OR NOT answered THEN opened + interval '60 minutes' END,
    CASE WHEN answered THEN opened + took END, answered AND took > interval '60 minutes', i % 100 = 0 AND answered,
    CASE WHEN answered THEN took * 0.7 END
FROM course WHERE NOT spam ORDER BY i
""",
    """
INSERT INTO resolution (conversation_id, sequence, since, at, agent_id, reopened_at)
SELECT id, 9, opened, opened + took + interval '1 hour', agent,
    CASE WHEN reopened THEN opened + took + interval '1 day' END
FROM course WHERE resolved AND NOT spam ORDER BY i
""",
)

_NAMES = ("conversation", "message", "reply", "delivery", "deadline", "resolution")


async def fill(connection, number: int, end: datetime, lasts: timedelta) -> None:
    """`number` conversations, evenly over the time before `end`, as a table looks that was vacuumed since."""
    await connection.execute("SELECT setseed(0.5)")
    await connection.execute(_COURSES, number, end - lasts, lasts)
    for statement in _TABLES:
        await connection.execute(statement)
    await connection.execute("DROP TABLE course")
    for name in _NAMES:
        await connection.execute(f"VACUUM (ANALYZE) {name}")
