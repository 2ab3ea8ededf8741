-- What the web console keeps: names of batches, the visual editor's design of a template, who made a key and when it was
-- last used, saved views; and what lets lists be searched.

ALTER TABLE message_tasks ADD COLUMN name TEXT;
ALTER TABLE message_templates ADD COLUMN design TEXT;
ALTER TABLE template_versions ADD COLUMN design TEXT;

-- Beside api_keys, whose every change makes the server read all keys again. created_by: the name of the key that made it.
CREATE TABLE api_key_facts (
    key_id INTEGER PRIMARY KEY,
    created_by TEXT,
    last_used_ms INTEGER
);

CREATE TABLE saved_views (
    tenant_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    page TEXT NOT NULL,
    query TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) WITHOUT ROWID;

-- Where messages to a recipient or of a template may be: a Bloom filter of these for every thousand messages, about 1.3 bytes a
-- message, added by a job when they are a little older; docs/decisions/0032-search-in-bounded-steps.md.
CREATE TABLE recipient_segments (
    id INTEGER PRIMARY KEY,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    filter BLOB NOT NULL
);
