-- What is computed from the tables: views and triggers, made anew whenever a store is brought up to a new version.

-- The first message by (device, id) counts, whichever was read first.
CREATE VIEW counted_messages AS
SELECT m.* FROM messages AS m
WHERE m.id IS NULL OR m.device IS NULL OR NOT EXISTS (
    SELECT 1 FROM messages AS earlier
    WHERE earlier.conversation = m.conversation AND earlier.device = m.device AND earlier.id = m.id
      AND (earlier.place < m.place OR (earlier.place = m.place AND earlier.row_id < m.row_id)));

-- Votes that are votes of their poll: of options it has, one unless it takes several, said before the person who asked closed it.
CREATE VIEW valid_votes AS
SELECT v.* FROM counted_messages AS v
JOIN counted_messages AS p ON p.conversation = v.conversation AND p.device = v.target_device AND p.id = v.target_id AND p.type = 'poll'
WHERE v.type = 'vote' AND (p.is_multiple OR json_array_length(v.choices) <= 1)
  AND NOT EXISTS (SELECT 1 FROM json_each(v.choices) AS choice WHERE choice.value >= p.option_count)
  AND NOT EXISTS (
    SELECT 1 FROM counted_messages AS c
    WHERE c.conversation = v.conversation AND c.target_device = v.target_device AND c.target_id = v.target_id
      AND c.type = 'close' AND c.user = p.user AND c.place < v.place);

-- The last one of each person.
CREATE VIEW counted_votes AS
SELECT v.* FROM valid_votes AS v
WHERE NOT EXISTS (
    SELECT 1 FROM valid_votes AS later
    WHERE later.conversation = v.conversation AND later.target_device = v.target_device AND later.target_id = v.target_id
      AND later.user = v.user AND (later.place > v.place OR (later.place = v.place AND later.row_id > v.row_id)));

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
    m.thread_device, m.thread_id, m.mentions_me,
    coalesce((SELECT p.is_on FROM counted_messages AS p
              WHERE p.conversation = m.conversation AND p.target_device = m.device AND p.target_id = m.id
                AND p.type = 'pin' ORDER BY +p.place DESC, +p.row_id DESC LIMIT 1), 0) AS is_pinned,
    CASE WHEN m.type = 'poll' THEN
        (SELECT json_group_array(json_object('user', lower(hex(v.user)), 'choices', json(v.choices)) ORDER BY v.place)
         FROM counted_votes AS v
         WHERE v.conversation = m.conversation AND v.target_device = m.device AND v.target_id = m.id)
    END AS votes,
    m.type = 'poll' AND EXISTS (SELECT 1 FROM counted_messages AS c
            WHERE c.conversation = m.conversation AND c.target_device = m.device AND c.target_id = m.id
              AND c.type = 'close' AND c.user = m.user) AS is_closed,
    (SELECT json_group_array(json_object('emoji', r.emoji, 'user', lower(hex(r.user))) ORDER BY r.place)
     FROM counted_messages AS r
     WHERE r.conversation = m.conversation AND r.target_device = m.device AND r.target_id = m.id
       AND r.type = 'react' AND r.is_on AND NOT EXISTS (
         SELECT 1 FROM counted_messages AS later
         WHERE later.conversation = r.conversation AND later.target_device = r.target_device
           AND later.target_id = r.target_id AND later.type = 'react' AND later.user = r.user AND later.emoji = r.emoji
           AND (later.place > r.place OR (later.place = r.place AND later.row_id > r.row_id)))) AS reactions
FROM counted_messages AS m
WHERE m.type NOT IN ('edit', 'delete', 'react', 'pin', 'vote', 'close');

-- A procedure, as SQLite knows them: INSERT INTO reindex puts one message's entry in the index right.
CREATE VIEW reindex AS SELECT 0 AS row_id WHERE 0;
CREATE TRIGGER reindex_message INSTEAD OF INSERT ON reindex BEGIN
    DELETE FROM search WHERE rowid = NEW.row_id;
    INSERT INTO search (rowid, text)
        SELECT row_id, text FROM shown_messages WHERE row_id = NEW.row_id AND type IN ('text', 'poll') AND text IS NOT NULL;
END;

-- Words somebody deleted are gone from this disk too, and from every edit of them.
CREATE VIEW forget AS SELECT NULL AS conversation, NULL AS device, NULL AS id WHERE 0;
CREATE TRIGGER forget_words INSTEAD OF INSERT ON forget BEGIN
    UPDATE messages SET text = NULL, raw = NULL
        WHERE conversation = NEW.conversation AND device = NEW.device AND id = NEW.id AND type IN ('text', 'poll');
    UPDATE messages SET text = NULL, raw = NULL
        WHERE conversation = NEW.conversation AND target_device = NEW.device AND target_id = NEW.id AND type = 'edit';
END;

CREATE TRIGGER message_written AFTER INSERT ON messages WHEN NEW.type IN ('text', 'poll', 'edit', 'delete') BEGIN
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
        WHERE conversation = NEW.conversation AND type IN ('text', 'poll')
          AND device = iif(NEW.type IN ('text', 'poll'), NEW.device, NEW.target_device)
          AND id = iif(NEW.type IN ('text', 'poll'), NEW.id, NEW.target_id);
END;

CREATE TRIGGER message_gone AFTER DELETE ON messages WHEN OLD.type IN ('text', 'poll', 'edit', 'delete') BEGIN
    DELETE FROM search WHERE rowid = OLD.row_id;
    INSERT INTO reindex (row_id)
        SELECT row_id FROM messages
        WHERE conversation = OLD.conversation AND type IN ('text', 'poll')
          AND device = iif(OLD.type IN ('text', 'poll'), OLD.device, OLD.target_device)
          AND id = iif(OLD.type IN ('text', 'poll'), OLD.id, OLD.target_id);
END;

-- With a message whose time is over goes what was said about it, and nothing about it comes after.
CREATE TRIGGER message_expired AFTER INSERT ON messages WHEN NEW.type = 'expired' BEGIN
    DELETE FROM messages
        WHERE conversation = NEW.conversation AND target_device = NEW.device AND target_id = NEW.id;
END;

CREATE TRIGGER change_of_expired AFTER INSERT ON messages
WHEN NEW.target_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM messages AS ended
    WHERE ended.conversation = NEW.conversation AND ended.device = NEW.target_device AND ended.id = NEW.target_id
      AND ended.type = 'expired')
BEGIN
    DELETE FROM messages WHERE row_id = NEW.row_id;
END;

-- Threads by their root: how much is in them. The root itself may not be here.
CREATE VIEW threads AS
SELECT conversation, thread_device AS device, thread_id AS id, count(*) AS replies, max(n) AS last_n, max(place) AS last_place
FROM shown_messages
WHERE thread_id IS NOT NULL AND NOT is_deleted AND type <> 'expired'
GROUP BY conversation, thread_device, thread_id;
