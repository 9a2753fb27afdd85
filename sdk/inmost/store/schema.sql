-- The client store: one schema for every host of the engine (Python here, the browser later). Application id and version: database.py.
-- Everything below lives in one file encrypted by SQLite3 Multiple Ciphers.

-- What the host itself must remember: the server's address, a claim not finished, how far somebody listened.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- The engine's own rows, opaque to the host.
CREATE TABLE state (
    key   BLOB PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- What there is to show (docs/protocol/engine.md, table `messages`). References are (device, id) pairs.
CREATE TABLE messages (
    row_id        INTEGER PRIMARY KEY,
    key           BLOB NOT NULL UNIQUE,      -- conversation || u64 n; conversation || ff*8 || id while it waits
    conversation  BLOB NOT NULL,
    place         INTEGER NOT NULL,          -- n; 2^63-1 while it waits, so that what waits is last
    n             INTEGER,                   -- number in the conversation's log; NULL while it waits
    id            BLOB,
    device        BLOB,
    user          BLOB,
    time_ms       INTEGER,                   -- the author's clock
    at_ms         INTEGER,                   -- the server's clock
    epoch         INTEGER,
    type          TEXT NOT NULL,
    text          TEXT,
    emoji         TEXT,
    is_on         INTEGER,
    reply_device  BLOB,
    reply_id      BLOB,
    target_device BLOB,
    target_id     BLOB,
    raw           BLOB                       -- the engine's MessagePack map; NULL once the message was deleted
);
CREATE INDEX messages_in_order ON messages (conversation, place, row_id);
CREATE INDEX messages_by_id ON messages (conversation, device, id, place);
CREATE INDEX messages_by_target ON messages (conversation, target_device, target_id, type, place) WHERE target_id IS NOT NULL;

-- The first message by (device, id) counts, whichever was read first.
CREATE VIEW counted_messages AS
SELECT m.* FROM messages AS m
WHERE m.id IS NULL OR m.device IS NULL OR NOT EXISTS (
    SELECT 1 FROM messages AS earlier
    WHERE earlier.conversation = m.conversation AND earlier.device = m.device AND earlier.id = m.id
      AND (earlier.place < m.place OR (earlier.place = m.place AND earlier.row_id < m.row_id)));

-- Messages as they are to be shown: edits, deletes and reactions resolved, in whichever order pages came.
-- The newest edit by the author counts; per (person, emoji) the newest reaction. Who may delete what others wrote is the engine's
-- judgement: it writes no row for the rest.
CREATE VIEW shown_messages AS
SELECT m.row_id, m.key, m.conversation, m.place, m.n, m.id, m.device, m.user, m.time_ms, m.at_ms, m.epoch, m.type,
    m.reply_device, m.reply_id, m.raw,
    EXISTS (SELECT 1 FROM counted_messages AS d
            WHERE d.conversation = m.conversation AND d.target_device = m.device AND d.target_id = m.id
              AND d.type = 'delete') AS is_deleted,
    EXISTS (SELECT 1 FROM counted_messages AS e
            WHERE e.conversation = m.conversation AND e.target_device = m.device AND e.target_id = m.id
              AND e.type = 'edit' AND e.user = m.user AND m.type = 'text') AS is_edited,
    CASE WHEN EXISTS (SELECT 1 FROM counted_messages AS d
                      WHERE d.conversation = m.conversation AND d.target_device = m.device AND d.target_id = m.id
                        AND d.type = 'delete')
    THEN NULL
    ELSE coalesce((SELECT e.text FROM counted_messages AS e
                   WHERE e.conversation = m.conversation AND e.target_device = m.device AND e.target_id = m.id
                     AND e.type = 'edit' AND e.user = m.user AND m.type = 'text'
                   ORDER BY +e.place DESC, +e.row_id DESC LIMIT 1), m.text)
    END AS text,
    (SELECT json_group_array(json_object('emoji', r.emoji, 'user', lower(hex(r.user))) ORDER BY r.place)
     FROM counted_messages AS r
     WHERE r.conversation = m.conversation AND r.target_device = m.device AND r.target_id = m.id
       AND r.type = 'react' AND r.is_on AND NOT EXISTS (
         SELECT 1 FROM counted_messages AS later
         WHERE later.conversation = r.conversation AND later.target_device = r.target_device
           AND later.target_id = r.target_id AND later.type = 'react' AND later.user = r.user AND later.emoji = r.emoji
           AND (later.place > r.place OR (later.place = r.place AND later.row_id > r.row_id)))) AS reactions
FROM counted_messages AS m
WHERE m.type NOT IN ('edit', 'delete', 'react');

-- Search: the text as shown, cut into overlapping threes of characters, which needs no knowledge of any script's words.
-- secure-delete: what was deleted leaves the index at once.
CREATE VIRTUAL TABLE search USING fts5(text, tokenize = 'trigram remove_diacritics 1');
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

-- A procedure, as SQLite knows them: INSERT INTO reindex puts one message's entry in the index right.
CREATE VIEW reindex AS SELECT 0 AS row_id WHERE 0;
CREATE TRIGGER reindex_message INSTEAD OF INSERT ON reindex BEGIN
    DELETE FROM search WHERE rowid = NEW.row_id;
    INSERT INTO search (rowid, text)
        SELECT row_id, text FROM shown_messages WHERE row_id = NEW.row_id AND type = 'text' AND text IS NOT NULL;
END;

-- Words somebody deleted are gone from this disk too, and from every edit of them.
CREATE VIEW forget AS SELECT NULL AS conversation, NULL AS device, NULL AS id WHERE 0;
CREATE TRIGGER forget_words INSTEAD OF INSERT ON forget BEGIN
    UPDATE messages SET text = NULL, raw = NULL
        WHERE conversation = NEW.conversation AND device = NEW.device AND id = NEW.id AND type = 'text';
    UPDATE messages SET text = NULL, raw = NULL
        WHERE conversation = NEW.conversation AND target_device = NEW.device AND target_id = NEW.id AND type = 'edit';
END;

CREATE TRIGGER message_written AFTER INSERT ON messages WHEN NEW.type IN ('text', 'edit', 'delete') BEGIN
    INSERT INTO forget (conversation, device, id)
        SELECT NEW.conversation, NEW.target_device, NEW.target_id WHERE NEW.type = 'delete' AND NEW.target_id IS NOT NULL;
    INSERT INTO forget (conversation, device, id)
        SELECT d.conversation, d.target_device, d.target_id FROM messages AS d
        WHERE d.conversation = NEW.conversation AND d.type = 'delete' AND d.target_id IS NOT NULL
          AND d.target_device = iif(NEW.type = 'edit', NEW.target_device, NEW.device)
          AND d.target_id = iif(NEW.type = 'edit', NEW.target_id, NEW.id)
        LIMIT 1;
    INSERT INTO reindex (row_id)
        SELECT row_id FROM messages
        WHERE conversation = NEW.conversation AND type = 'text'
          AND device = iif(NEW.type = 'text', NEW.device, NEW.target_device)
          AND id = iif(NEW.type = 'text', NEW.id, NEW.target_id);
END;

CREATE TRIGGER message_gone AFTER DELETE ON messages WHEN OLD.type IN ('text', 'edit', 'delete') BEGIN
    DELETE FROM search WHERE rowid = OLD.row_id;
    INSERT INTO reindex (row_id)
        SELECT row_id FROM messages
        WHERE conversation = OLD.conversation AND type = 'text'
          AND device = iif(OLD.type = 'text', OLD.device, OLD.target_device)
          AND id = iif(OLD.type = 'text', OLD.id, OLD.target_id);
END;
