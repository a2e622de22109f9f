-- What a conversation calls for (`core/demand.py`) and since when it is in the queue; written from lotse-conversations.
-- Of those that wait already it is told when they are queued again, or by a rebuild.
ALTER TABLE conversation ADD COLUMN demand json;
ALTER TABLE conversation ADD COLUMN queued_at timestamptz;
UPDATE conversation SET queued_at = waiting_since WHERE status = 'queued';
