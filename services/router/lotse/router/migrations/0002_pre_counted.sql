-- What agents hold is summed over what takes capacity; the index of everything active stays for agents who left.
CREATE INDEX conversation_counted ON conversation (agent_id) INCLUDE (units) WHERE active AND units > 0;
