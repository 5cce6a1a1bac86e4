CREATE FUNCTION evidence_delete() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM head JOIN event ON event.deal_id = head.deal_id AND event.position = head.position
    WHERE head.deal_id = OLD.deal_id AND event.subject = OLD.digest AND event.kind = 'evidence_erased'
  ) THEN
    RAISE EXCEPTION '% is append-only: DELETE is refused unless the last commit of the deal records the erasure', TG_TABLE_NAME;
  END IF;
  RETURN OLD;
END
$$
-- next
CREATE FUNCTION evidence_part_open() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM evidence WHERE deal_id = NEW.deal_id AND digest = NEW.digest) THEN
    RAISE EXCEPTION 'the evidence is sealed: no part may be added';
  END IF;
  RETURN NEW;
END
$$
-- next
CREATE FUNCTION evidence_seal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (SELECT count(*) FROM evidence_part WHERE deal_id = NEW.deal_id AND digest = NEW.digest AND number BETWEEN 1 AND NEW.parts) <> NEW.parts
    OR EXISTS (SELECT 1 FROM evidence_part WHERE deal_id = NEW.deal_id AND digest = NEW.digest AND number NOT BETWEEN 1 AND NEW.parts)
  THEN
    RAISE EXCEPTION 'the parts of a file must be there, numbered from 1, before it is sealed';
  END IF;
  RETURN NEW;
END
$$
-- next
CREATE FUNCTION arrival_next() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NEW.number <> 1 + (SELECT coalesce(max(number), 0) FROM arrival WHERE deal_id = NEW.deal_id) THEN
    RAISE EXCEPTION 'an arrival must be the next of its deal';
  END IF;
  RETURN NEW;
END
$$
-- next
CREATE TRIGGER evidence_delete BEFORE DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION evidence_delete()
-- next
CREATE TRIGGER evidence_part_delete BEFORE DELETE ON evidence_part FOR EACH ROW EXECUTE FUNCTION evidence_delete()
-- next
CREATE TRIGGER arrival_no_delete BEFORE DELETE ON arrival FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
CREATE TRIGGER evidence_part_open BEFORE INSERT ON evidence_part FOR EACH ROW EXECUTE FUNCTION evidence_part_open()
-- next
CREATE TRIGGER evidence_seal BEFORE INSERT ON evidence FOR EACH ROW EXECUTE FUNCTION evidence_seal()
-- next
CREATE TRIGGER arrival_next BEFORE INSERT ON arrival FOR EACH ROW EXECUTE FUNCTION arrival_next()
