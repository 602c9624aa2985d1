CREATE VIRTUAL TABLE incident_words USING fts5(words, tokenize = 'trigram');
--> statement-breakpoint
CREATE TRIGGER new_incidents_are_searchable AFTER INSERT ON incidents
BEGIN
  INSERT INTO searchable (incident_id, is_stale) VALUES (NEW.id, 1);
END;
--> statement-breakpoint
CREATE TRIGGER changed_incidents_are_indexed_anew AFTER UPDATE OF version ON incidents
BEGIN
  UPDATE searchable SET is_stale = 1 WHERE incident_id = NEW.id AND is_stale = 0;
END;
--> statement-breakpoint
INSERT INTO searchable (incident_id, is_stale) SELECT id, 1 FROM incidents ORDER BY opened_at, rowid;
