-- Under which journal a row was claimed: a killed process gives back what it never began. Every write of a row clears it.
ALTER TABLE outgoing ADD COLUMN claimed_by uuid;
