-- Whose message a part that was not understood is: it goes when the customer takes the message back.
ALTER TABLE unparsed ADD COLUMN messages uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX unparsed_messages ON unparsed USING gin (messages);
