-- What threads, polls and unread counts need of a message as columns. Rows written before have none of it. Seven words a row at most.
ALTER TABLE messages ADD COLUMN thread_device BLOB;
ALTER TABLE messages ADD COLUMN thread_id     BLOB;
ALTER TABLE messages ADD COLUMN mentions_me   INTEGER;
ALTER TABLE messages ADD COLUMN choices       TEXT;     -- a vote: JSON array of option numbers
ALTER TABLE messages ADD COLUMN option_count  INTEGER;  -- a poll
ALTER TABLE messages ADD COLUMN is_multiple   INTEGER;  -- a poll
CREATE INDEX messages_by_thread ON messages (conversation, thread_device, thread_id, place) WHERE thread_id IS NOT NULL;
