-- The client store: one schema for every host of the engine (Python here, the browser later). Version 1; later ones add to it (0002_...),
-- and views.sql says the rest. database.py brings a store up to date.
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

-- Search: the text as shown, cut into overlapping threes of characters, which needs no knowledge of any script's words.
-- secure-delete: what was deleted leaves the index at once.
CREATE VIRTUAL TABLE search USING fts5(text, tokenize = 'trigram remove_diacritics 1');
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
