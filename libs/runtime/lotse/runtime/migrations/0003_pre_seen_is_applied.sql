-- `seen` bears what was applied alone: what is parked counts when it is replayed.
DELETE FROM seen WHERE id IN (
    SELECT substring(headers FROM '"ce_id", "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"')::uuid
    FROM parked
);
