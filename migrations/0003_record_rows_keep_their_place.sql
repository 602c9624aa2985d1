CREATE TRIGGER record_rows_keep_their_place BEFORE INSERT ON record
WHEN EXISTS (SELECT 1 FROM record WHERE seq = NEW.seq)
BEGIN
  SELECT RAISE(ABORT, 'the record is append-only');
END;
