CREATE TRIGGER drills_ask_for_nothing BEFORE INSERT ON requests
WHEN NEW.state <> 'denied' AND (SELECT source FROM incidents WHERE id = NEW.incident_id) = 'drill'
BEGIN
  SELECT RAISE(ABORT, 'nothing of a drill can be approved');
END;
--> statement-breakpoint
CREATE TRIGGER drills_get_nothing_approved BEFORE UPDATE OF state ON requests
WHEN NEW.state <> 'denied' AND (SELECT source FROM incidents WHERE id = NEW.incident_id) = 'drill'
BEGIN
  SELECT RAISE(ABORT, 'nothing of a drill can be approved');
END;
--> statement-breakpoint
CREATE TRIGGER drills_run_nothing BEFORE INSERT ON executions
WHEN (SELECT source FROM incidents WHERE id = NEW.incident_id) = 'drill'
BEGIN
  SELECT RAISE(ABORT, 'nothing runs for a drill');
END;
