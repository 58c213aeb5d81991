-- What scans changed beside documents, found without reading whole tables: who looks again at what changed asks for it after each scan.
CREATE INDEX edge_since ON edge (from_scan);
CREATE INDEX edge_history_until ON edge_history (to_scan);
CREATE INDEX unknown_since ON unknown (from_scan);
CREATE INDEX unknown_history_until ON unknown_history (to_scan);
