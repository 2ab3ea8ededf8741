-- Provider accounts, receipts, suppressed recipients, outcome rules, webhooks to senders; templates of any kind of channel.

-- The kinds of channel are no longer five: the table is made anew without the check.
DROP TRIGGER templates_inserted;
DROP TRIGGER templates_updated;
DROP TRIGGER templates_deleted;
CREATE TABLE message_templates_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    channel TEXT NOT NULL,
    subject TEXT,
    content TEXT NOT NULL,
    variables TEXT NOT NULL DEFAULT '[]',
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    tenant_id INTEGER NOT NULL DEFAULT 1,
    title TEXT NOT NULL DEFAULT '',
    html TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL DEFAULT 0,
    updated_ms INTEGER NOT NULL DEFAULT 0,
    created_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%fZ', created_ms / 1000.0, 'unixepoch')) VIRTUAL,
    updated_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%fZ', updated_ms / 1000.0, 'unixepoch')) VIRTUAL,
    options TEXT,
    on_unknown TEXT CHECK (on_unknown IN ('send_again', 'hold'))
);
INSERT INTO message_templates_new (id, name, channel, subject, content, variables, status, tenant_id, title, html, version,
                                   created_ms, updated_ms)
SELECT id, name, channel, subject, content, variables, status, tenant_id, title, html, version, created_ms, updated_ms
FROM message_templates;
DROP TABLE message_templates;
ALTER TABLE message_templates_new RENAME TO message_templates;
CREATE UNIQUE INDEX idx_message_templates_name ON message_templates (tenant_id, name);
CREATE TRIGGER templates_inserted AFTER INSERT ON message_templates BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'templates_version'; END;
CREATE TRIGGER templates_updated AFTER UPDATE ON message_templates BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'templates_version'; END;
CREATE TRIGGER templates_deleted AFTER DELETE ON message_templates BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'templates_version'; END;
ALTER TABLE template_versions ADD COLUMN options TEXT;

-- options: sections of single providers, as JSON. account_id: the account it was last sent on.
ALTER TABLE message_records ADD COLUMN options TEXT;
ALTER TABLE message_records ADD COLUMN account_id INTEGER;
CREATE INDEX idx_message_records_receipt ON message_records (account_id, provider_message_id)
    WHERE account_id IS NOT NULL AND provider_message_id IS NOT NULL;
-- route: why this account was chosen, as JSON.
ALTER TABLE message_attempts ADD COLUMN account_id INTEGER;
ALTER TABLE message_attempts ADD COLUMN route TEXT;

-- settings holds what may be read; secrets is a JSON object sealed with the master key (docs/operations.md).
CREATE TABLE provider_accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL DEFAULT 1,
    channel TEXT NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL DEFAULT '{}',
    secrets BLOB,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    tier INTEGER NOT NULL DEFAULT 1,
    weight INTEGER NOT NULL DEFAULT 100,
    policy TEXT NOT NULL DEFAULT '{}',
    callback_key TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX idx_provider_accounts_name ON provider_accounts (tenant_id, channel, name);
CREATE TRIGGER accounts_inserted AFTER INSERT ON provider_accounts BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'accounts_version'; END;
CREATE TRIGGER accounts_updated AFTER UPDATE ON provider_accounts BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'accounts_version'; END;
CREATE TRIGGER accounts_deleted AFTER DELETE ON provider_accounts BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'accounts_version'; END;

CREATE TABLE suppressions (
    tenant_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    reason TEXT NOT NULL,
    message_id INTEGER,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, channel, recipient)
) WITHOUT ROWID;

-- What providers said later, once for each different word. message_id 0: no message was found yet; such rows wait for the
-- answer to the send, which may come after the receipt.
CREATE TABLE message_receipts (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    provider_message_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    suppress TEXT NOT NULL DEFAULT '',
    happened_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX idx_message_receipts_once ON message_receipts (account_id, provider_message_id, message_id, status, code);
CREATE INDEX idx_message_receipts_message ON message_receipts (message_id) WHERE message_id > 0;
CREATE INDEX idx_message_receipts_parked ON message_receipts (received_ms) WHERE message_id = 0;
-- Callbacks seen, so that one sent again by somebody else has no effect.
CREATE TABLE callback_replays (
    account_id INTEGER NOT NULL,
    replay_key TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, replay_key)
) WITHOUT ROWID;
CREATE INDEX idx_callback_replays_received ON callback_replays (received_ms);

-- What follows from each class of outcome. NULL in a number: the setting in delivery.* holds.
CREATE TABLE outcome_rules (
    outcome TEXT PRIMARY KEY,
    action TEXT NOT NULL CHECK (action IN ('retry', 'wait', 'hold', 'fail')),
    fail_over INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER,
    base_ms INTEGER,
    max_ms INTEGER,
    version INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
INSERT INTO outcome_rules (outcome, action, fail_over) VALUES
    ('transient', 'retry', 1), ('unknown', 'retry', 0), ('rate_limited', 'wait', 1), ('quota', 'wait', 0),
    ('token', 'retry', 1), ('configuration', 'wait', 1), ('recipient_permanent', 'fail', 0),
    ('message_permanent', 'fail', 0);
CREATE TRIGGER outcome_rules_updated AFTER UPDATE ON outcome_rules BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'outcomes_version'; END;

-- Where senders want to hear what became of their messages, one row for each callback_url; secrets sealed like an account's.
CREATE TABLE webhook_endpoints (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    url TEXT NOT NULL,
    secret BLOB,
    previous_secret BLOB,
    previous_until_ms INTEGER,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    reason TEXT NOT NULL DEFAULT '',
    failing_since_ms INTEGER,
    last_success_ms INTEGER,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX idx_webhook_endpoints_url ON webhook_endpoints (tenant_id, url);
CREATE TABLE webhook_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    endpoint_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_ms INTEGER NOT NULL,
    last_status INTEGER,
    last_detail TEXT,
    created_ms INTEGER NOT NULL,
    finished_ms INTEGER
);
CREATE INDEX idx_webhook_events_waiting ON webhook_events (next_ms) WHERE status = 'waiting';
CREATE INDEX idx_webhook_events_endpoint ON webhook_events (endpoint_id, created_ms);
CREATE INDEX idx_webhook_events_message ON webhook_events (message_id);

INSERT INTO system_values (name, value) VALUES
    ('accounts_version', 1), ('outcomes_version', 1), ('suppressed', 0);
CREATE TRIGGER suppressions_inserted AFTER INSERT ON suppressions BEGIN
    UPDATE system_values SET value = value + 1 WHERE name = 'suppressed'; END;
CREATE TRIGGER suppressions_deleted AFTER DELETE ON suppressions BEGIN
    UPDATE system_values SET value = value - 1 WHERE name = 'suppressed'; END;
