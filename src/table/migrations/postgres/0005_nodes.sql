-- What the nodes of a cluster share: who is there, who has which lease, and whose a waiting message is.
-- docs/decisions/0067-whose-a-message-is.md tells why it looks so.

-- One row for each start of a node. number makes its message ids its own and names it in other tables. seen_ms goes by the clock of
-- the database alone. state: living; left, its messages are to be taken over; gone, they were, and the number rests.
CREATE TABLE nodes (
    number SMALLINT PRIMARY KEY CHECK (number BETWEEN 0 AND 1023),
    identity TEXT NOT NULL,
    name TEXT NOT NULL,
    writer TEXT NOT NULL,
    roles TEXT NOT NULL,
    url TEXT NOT NULL,
    version TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'living' CHECK (state IN ('living', 'left', 'gone')),
    started_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    confirmed_before_ms BIGINT NOT NULL DEFAULT 0,
    drained_before_ms TEXT NOT NULL DEFAULT '',
    held BIGINT NOT NULL DEFAULT 0,
    held_let_go BIGINT NOT NULL DEFAULT 0,
    report TEXT NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);

-- Of jobs that one node at a time may do. A lease is checked by its token where its holder writes.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    token BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE fences (
    name TEXT PRIMARY KEY,
    token BIGINT NOT NULL
) WITH (fillfactor = 50);

-- The node that sends it or keeps its time; NULL: the one whose number is in the id.
ALTER TABLE message_records ADD COLUMN node SMALLINT;
-- The node that is still writing the batch.
ALTER TABLE message_tasks ADD COLUMN node SMALLINT;
-- W3C trace context of the request that brought it.
ALTER TABLE message_records ADD COLUMN traceparent TEXT;
