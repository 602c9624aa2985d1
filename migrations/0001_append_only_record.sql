CREATE TRIGGER record_rows_stay BEFORE UPDATE ON record
BEGIN
  SELECT RAISE(ABORT, 'the record is append-only');
END;
--> statement-breakpoint
CREATE TRIGGER record_rows_remain BEFORE DELETE ON record
BEGIN
  SELECT RAISE(ABORT, 'the record is append-only');
END;
