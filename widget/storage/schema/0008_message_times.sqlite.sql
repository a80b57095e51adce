-- When a message was due first: retries move `due_at`, and the newest messages are the newest events.
ALTER TABLE messages ADD COLUMN first_due_at INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET first_due_at = due_at;

DROP INDEX messages_by_kind;
CREATE INDEX messages_by_kind ON messages (partner_code, mode, kind, first_due_at);
