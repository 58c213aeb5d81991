-- What a server that runs all the time needs to know of scans after it was started again.

-- Counts finished scans in the order in which they finished; scans that overlap may finish in another order than they
-- began.
ALTER TABLE scan ADD COLUMN turn BIGINT;
UPDATE scan SET turn = (SELECT COUNT(*) FROM scan s WHERE s.state = 'finished'
    AND (s.finished_at, s.id) <= (scan.finished_at, scan.id)) WHERE state = 'finished';
CREATE UNIQUE INDEX scan_turn ON scan (turn) WHERE turn IS NOT NULL;

-- What was asked for, as JSON with sorted members; null where nobody may ask for it again.
ALTER TABLE scan ADD COLUMN asked TEXT;
CREATE INDEX scan_asked ON scan (asked) WHERE asked IS NOT NULL;
