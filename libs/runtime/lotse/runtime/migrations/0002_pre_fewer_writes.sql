-- The relay's window stands in its one row: events bear their stamp by their place in it and are not written again.
ALTER TABLE relay ADD COLUMN first bigint NOT NULL DEFAULT 0, ADD COLUMN ids bigint[] NOT NULL DEFAULT '{}';
UPDATE relay SET first = w.first, ids = w.ids
FROM (SELECT min(stamp) AS first, array_agg(id ORDER BY stamp) AS ids FROM outbox WHERE stamp IS NOT NULL) AS w
WHERE w.ids IS NOT NULL;
ALTER TABLE outbox DROP COLUMN stamp, ADD COLUMN sequence bigint;

-- Whether anything of the partition may be parked, so that a batch need not ask.
ALTER TABLE inbox ADD COLUMN parked boolean NOT NULL DEFAULT false;
UPDATE inbox AS i SET parked = EXISTS (
    SELECT 1 FROM parked AS p WHERE p.topic = i.topic AND p.partition = i.partition
);
