CREATE TRIGGER evidence_delete BEFORE DELETE ON evidence
WHEN NOT EXISTS (
  SELECT 1 FROM head JOIN event ON event.deal_id = head.deal_id AND event.position = head.position
  WHERE head.deal_id = OLD.deal_id AND event.subject = OLD.digest AND event.kind = 'evidence_erased'
)
BEGIN
  SELECT RAISE(ABORT, 'evidence is append-only: DELETE is refused unless the last commit of the deal records the erasure');
END
-- next
CREATE TRIGGER evidence_part_delete BEFORE DELETE ON evidence_part
WHEN NOT EXISTS (
  SELECT 1 FROM head JOIN event ON event.deal_id = head.deal_id AND event.position = head.position
  WHERE head.deal_id = OLD.deal_id AND event.subject = OLD.digest AND event.kind = 'evidence_erased'
)
BEGIN
  SELECT RAISE(ABORT, 'evidence_part is append-only: DELETE is refused unless the last commit of the deal records the erasure');
END
-- next
CREATE TRIGGER arrival_no_delete BEFORE DELETE ON arrival
BEGIN
  SELECT RAISE(ABORT, 'arrival is append-only: DELETE is refused');
END
-- next
CREATE TRIGGER evidence_part_open BEFORE INSERT ON evidence_part
BEGIN
  SELECT RAISE(ABORT, 'the evidence is sealed: no part may be added')
  WHERE EXISTS (SELECT 1 FROM evidence WHERE deal_id = NEW.deal_id AND digest = NEW.digest);
  SELECT RAISE(ABORT, 'evidence_part is append-only: the row is there already')
  WHERE EXISTS (SELECT 1 FROM evidence_part WHERE deal_id = NEW.deal_id AND digest = NEW.digest AND number = NEW.number);
END
-- next
CREATE TRIGGER evidence_seal BEFORE INSERT ON evidence
BEGIN
  SELECT RAISE(ABORT, 'evidence is append-only: the row is there already')
  WHERE EXISTS (SELECT 1 FROM evidence WHERE deal_id = NEW.deal_id AND digest = NEW.digest);
  SELECT RAISE(ABORT, 'the parts of a file must be there, numbered from 1, before it is sealed')
  WHERE (SELECT count(*) FROM evidence_part WHERE deal_id = NEW.deal_id AND digest = NEW.digest AND number BETWEEN 1 AND NEW.parts) <> NEW.parts
    OR EXISTS (SELECT 1 FROM evidence_part WHERE deal_id = NEW.deal_id AND digest = NEW.digest AND number NOT BETWEEN 1 AND NEW.parts);
END
-- next
CREATE TRIGGER arrival_next BEFORE INSERT ON arrival
BEGIN
  SELECT RAISE(ABORT, 'an arrival must be the next of its deal')
  WHERE NEW.number IS NOT 1 + (SELECT coalesce(max(number), 0) FROM arrival WHERE deal_id = NEW.deal_id);
END
