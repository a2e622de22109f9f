-- Since when a conversation reads as a crisis: an old one that becomes one is news.
ALTER TABLE conversation ADD COLUMN crisis_since timestamptz;
