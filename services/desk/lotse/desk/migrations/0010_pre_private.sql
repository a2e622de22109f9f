-- A public comment was answered in private.
ALTER TABLE reply ADD COLUMN private boolean NOT NULL DEFAULT false;
