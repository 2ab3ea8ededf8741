-- What was changed of pools and limits through the API, by whom, and for how long. row_before and row_after are the row as JSON;
-- row_before is NULL where the change made the row. state: lasting, or of a change for a while: waiting, kept, reverted, void (the
-- row was changed otherwise meanwhile), replaced (by another change for a while).
-- docs/decisions/0074-changes-for-a-while.md

CREATE TABLE rule_changes (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('pool', 'limit')),
    row_id INTEGER NOT NULL,
    made_ms INTEGER NOT NULL,
    made_by TEXT,
    made_by_key INTEGER,
    row_before TEXT,
    row_after TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('lasting', 'waiting', 'kept', 'reverted', 'void', 'replaced')),
    revert_ms INTEGER,
    ended_ms INTEGER,
    ended_by TEXT
);
CREATE INDEX idx_rule_changes_row ON rule_changes (kind, row_id, id);
CREATE UNIQUE INDEX idx_rule_changes_waiting ON rule_changes (kind, row_id) WHERE state = 'waiting';
