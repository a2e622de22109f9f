-- What the provider calls the file of the part in hand, once it has it; and how much all files of the row weigh,
-- since a lease lasts a second longer for each megabyte.
ALTER TABLE outgoing ADD COLUMN uploaded text, ADD COLUMN bytes bigint NOT NULL DEFAULT 0;
