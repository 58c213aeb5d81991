-- What is said about resources by the scans that began or ended it: each finished scan is asked for what it changed, and
-- without these that reads every explanation there is.
CREATE INDEX explanation_from ON explanation (from_scan);
CREATE INDEX explanation_history_from ON explanation_history (from_scan);
CREATE INDEX explanation_history_to ON explanation_history (to_scan);
