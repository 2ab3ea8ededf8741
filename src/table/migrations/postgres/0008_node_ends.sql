-- How a node that is no longer there ended (stopped, dead, restarted), and the name of the node that took its messages over.

ALTER TABLE nodes ADD COLUMN ended TEXT;
ALTER TABLE nodes ADD COLUMN taken_by TEXT;
