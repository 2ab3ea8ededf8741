-- Tokens of idempotency that providers give out, counts of the limits by destination, webhooks endpoint by endpoint.

-- On disk before the attempt that uses it: a repeat after a crash carries the same one. Few messages have one, and none is
-- kept longer than two days, so rows are deleted by their time.
CREATE TABLE provider_tokens (
    message_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    token TEXT NOT NULL,
    given_ms BIGINT NOT NULL,
    PRIMARY KEY (message_id, account_id)
);
CREATE INDEX idx_provider_tokens_given ON provider_tokens (given_ms);

-- What limits by destination have counted, in tenths of their windows; read at the start, so that a restart forgets nothing.
-- Every node adds its own counts to the same rows, often: they change in place.
CREATE TABLE destination_counts (
    counter TEXT COLLATE "C" NOT NULL,
    part BIGINT NOT NULL,
    count DOUBLE PRECISION NOT NULL,
    ends_ms BIGINT NOT NULL,
    PRIMARY KEY (counter, part)
) WITH (fillfactor = 50);
CREATE INDEX idx_destination_counts_ends ON destination_counts (ends_ms);

CREATE INDEX idx_webhook_events_due ON webhook_events (endpoint_id, next_ms) WHERE status = 'waiting';
