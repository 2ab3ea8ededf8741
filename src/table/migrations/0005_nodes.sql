-- What the nodes of a cluster share; here for one shape of both databases. In SQLite there is one node, which needs no row.

CREATE TABLE nodes (
    number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 1023),
    identity TEXT NOT NULL,
    name TEXT NOT NULL,
    writer TEXT NOT NULL,
    roles TEXT NOT NULL,
    url TEXT NOT NULL,
    version TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'living' CHECK (state IN ('living', 'left', 'gone')),
    started_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    confirmed_before_ms INTEGER NOT NULL DEFAULT 0,
    drained_before_ms TEXT NOT NULL DEFAULT '',
    held INTEGER NOT NULL DEFAULT 0,
    held_let_go INTEGER NOT NULL DEFAULT 0,
    report TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    token INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE fences (
    name TEXT PRIMARY KEY,
    token INTEGER NOT NULL
) WITHOUT ROWID;

ALTER TABLE message_records ADD COLUMN node INTEGER;
ALTER TABLE message_tasks ADD COLUMN node INTEGER;
-- W3C trace context of the request that brought it.
ALTER TABLE message_records ADD COLUMN traceparent TEXT;
