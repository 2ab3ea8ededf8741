-- What the web console keeps: names of batches, the visual editor's design of a template, who made a key and when it was
-- last used, saved views; and what lets lists be searched.

ALTER TABLE message_tasks ADD COLUMN name TEXT;
ALTER TABLE message_templates ADD COLUMN design TEXT;
ALTER TABLE template_versions ADD COLUMN design TEXT;

-- Beside api_keys, whose every change makes the server read all keys again. created_by: the name of the key that made it.
CREATE TABLE api_key_facts (
    key_id BIGINT PRIMARY KEY,
    created_by TEXT,
    last_used_ms BIGINT
) WITH (fillfactor = 50);

CREATE TABLE saved_views (
    tenant_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    page TEXT NOT NULL,
    query TEXT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

-- Where messages to a recipient or of a template may be: a Bloom filter of these for every thousand messages, about 1.3 bytes a
-- message, added by a job when they are a little older; docs/decisions/0032-search-in-bounded-steps.md. A filter does not get
-- smaller by compression.
CREATE TABLE recipient_segments (
    id BIGINT PRIMARY KEY,
    first_id BIGINT NOT NULL,
    last_id BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    filter BYTEA NOT NULL
);
ALTER TABLE recipient_segments ALTER COLUMN filter SET STORAGE EXTERNAL;

-- An entry of a B-tree holds at most 2,704 bytes, and a recipient may be longer (a browser's subscription): unique by a hash,
-- found by another kind of index.
ALTER TABLE suppressions DROP CONSTRAINT suppressions_pkey;
CREATE UNIQUE INDEX idx_suppressions_once ON suppressions (tenant_id, channel, hashtextextended(recipient, 0));
CREATE INDEX idx_suppressions_recipient ON suppressions USING hash (recipient);

-- Lists of tenants other than the first, who may have few messages among many; where there is one tenant it costs nothing.
-- Lists of the first walk the primary key. docs/decisions/0060-lists-on-postgresql.md
CREATE INDEX idx_message_records_tenant ON message_records (tenant_id, id) WHERE tenant_id <> 1;
