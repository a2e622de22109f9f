-- An answer that is begun may be one in private to a public comment.
ALTER TABLE draft ADD COLUMN private boolean NOT NULL DEFAULT false;
