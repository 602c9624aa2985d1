DROP TRIGGER new_incidents_are_searchable;--> statement-breakpoint
DROP TRIGGER changed_incidents_are_indexed_anew;--> statement-breakpoint
ALTER TABLE `incidents` ADD `n` integer;--> statement-breakpoint
ALTER TABLE `incidents` ADD `is_indexed` integer DEFAULT false NOT NULL;--> statement-breakpoint
UPDATE incidents SET n = s.n, is_indexed = NOT s.is_stale FROM searchable s WHERE s.incident_id = incidents.id;--> statement-breakpoint
DROP TABLE `searchable`;--> statement-breakpoint
CREATE UNIQUE INDEX `incidents_in_order` ON `incidents` (`n`);--> statement-breakpoint
CREATE INDEX `stale_words` ON `incidents` (`n`) WHERE is_indexed = 0;--> statement-breakpoint
CREATE TRIGGER new_incidents_have_a_place AFTER INSERT ON incidents WHEN NEW.n IS NULL
BEGIN
  UPDATE incidents SET n = (SELECT coalesce(max(n), 0) + 1 FROM incidents) WHERE id = NEW.id;
END;
--> statement-breakpoint
CREATE TRIGGER changed_incidents_are_indexed_anew AFTER UPDATE OF version ON incidents WHEN NEW.is_indexed = 1
BEGIN
  UPDATE incidents SET is_indexed = 0 WHERE id = NEW.id;
END;
