-- Which states of the estate are not whole any more, and what finds running scans and the oldest rows quickly.

-- 1 where a compaction let go of something that the state as of this scan had.
ALTER TABLE scan ADD COLUMN compacted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX scan_running ON scan (id) WHERE state = 'running';
CREATE INDEX trail_object_read ON trail_object (read_at);
CREATE INDEX activity_at ON activity (at);
