CREATE FUNCTION act_next() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NEW.number <> 1 + (SELECT coalesce(max(number), 0) FROM act)
    OR EXISTS (SELECT 1 FROM act WHERE number = NEW.number - 1 AND (hash <> NEW.previous_hash OR recorded_at >= NEW.recorded_at))
  THEN
    RAISE EXCEPTION 'an act must be the next after the last one';
  END IF;
  RETURN NEW;
END
$$
-- next
CREATE FUNCTION commit_signature_head() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NEW.position IS DISTINCT FROM (SELECT position FROM head WHERE deal_id = NEW.deal_id)
    OR NEW.act IS DISTINCT FROM (SELECT max(number) FROM act WHERE recorded_at < (SELECT recorded_at FROM head WHERE deal_id = NEW.deal_id))
  THEN
    RAISE EXCEPTION 'a signature must be of the last commit of its deal, under the last act';
  END IF;
  RETURN NEW;
END
$$
-- next
CREATE TRIGGER act_next BEFORE INSERT ON act FOR EACH ROW EXECUTE FUNCTION act_next()
-- next
CREATE TRIGGER commit_signature_head BEFORE INSERT ON commit_signature FOR EACH ROW EXECUTE FUNCTION commit_signature_head()
