-- Tokens of idempotency that providers give out, counts of the limits by destination, webhooks endpoint by endpoint.

-- On disk before the attempt that uses it: a repeat after a crash carries the same one.
CREATE TABLE provider_tokens (
    message_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    given_ms INTEGER NOT NULL,
    PRIMARY KEY (message_id, account_id)
) WITHOUT ROWID;
CREATE INDEX idx_provider_tokens_given ON provider_tokens (given_ms);

-- What limits by destination have counted, in tenths of their windows; read at the start, so that a restart forgets nothing.
CREATE TABLE destination_counts (
    counter TEXT NOT NULL,
    part INTEGER NOT NULL,
    count REAL NOT NULL,
    ends_ms INTEGER NOT NULL,
    PRIMARY KEY (counter, part)
) WITHOUT ROWID;
CREATE INDEX idx_destination_counts_ends ON destination_counts (ends_ms);

CREATE INDEX idx_webhook_events_due ON webhook_events (endpoint_id, next_ms) WHERE status = 'waiting';
