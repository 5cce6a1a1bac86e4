CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;
END
$$
-- next
CREATE FUNCTION event_open() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM (SELECT deal_id, min(position) AS lowest, max(position) AS highest FROM added GROUP BY deal_id) AS place
    LEFT JOIN head ON head.deal_id = place.deal_id
    WHERE head.position IS NULL OR lowest <> head.position + 1 OR highest <> head.position + 1
  ) THEN
    RAISE EXCEPTION 'an event may only be inserted at the open position, one after the head of its deal';
  END IF;
  IF EXISTS (
    SELECT 1 FROM added
    WHERE added.effect = -1 AND NOT EXISTS (
      SELECT 1 FROM event AS original
      WHERE original.deal_id = added.deal_id AND original.position = added.corrects_position AND original.line = added.corrects_line
        AND original.position < added.position AND original.effect = 1
        AND original.kind = added.kind AND original.subject IS NOT DISTINCT FROM added.subject
        AND -original.principal IS NOT DISTINCT FROM added.principal AND -original.interest IS NOT DISTINCT FROM added.interest
        AND -original.fee IS NOT DISTINCT FROM added.fee AND -original.amount IS NOT DISTINCT FROM added.amount
        AND (
          -original.balance IS NOT DISTINCT FROM added.balance AND original.rate IS NOT DISTINCT FROM added.rate
          AND original.delinquency IS NOT DISTINCT FROM added.delinquency
          OR added.balance IS NULL AND added.rate IS NULL AND added.delinquency IS NULL
        )
    )
  ) THEN
    RAISE EXCEPTION 'a reversal must be the exact negative of the earlier line that it names';
  END IF;
  RETURN NULL;
END
$$
-- next
CREATE FUNCTION log_commit_next() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM head
    WHERE deal_id = NEW.deal_id AND position + 1 = NEW.position AND hash = NEW.previous_hash AND (recorded_at IS NULL OR recorded_at < NEW.recorded_at)
  ) THEN
    RAISE EXCEPTION 'a commit must be the next after the head of its deal';
  END IF;
  IF NEW.event_count <> (SELECT count(*) FROM event WHERE deal_id = NEW.deal_id AND position = NEW.position) THEN
    RAISE EXCEPTION 'a commit must count its events';
  END IF;
  RETURN NEW;
END
$$
-- next
CREATE FUNCTION head_forward() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'head is append-only: DELETE is refused';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.position <> 0 OR NEW.event_count <> 0 OR NEW.recorded_at IS NOT NULL THEN
      RAISE EXCEPTION 'a deal has one head, and it begins at position 0';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.deal_id <> OLD.deal_id OR NEW.position <> OLD.position + 1 OR NOT EXISTS (
    SELECT 1 FROM log_commit
    WHERE deal_id = OLD.deal_id AND position = NEW.position AND previous_hash = OLD.hash AND hash = NEW.hash
      AND event_count = NEW.event_count - OLD.event_count AND recorded_at = NEW.recorded_at
  ) THEN
    RAISE EXCEPTION 'the head moves only forward, to the next commit';
  END IF;
  RETURN NEW;
END
$$
-- next
CREATE FUNCTION books_open() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM (SELECT DISTINCT deal_id, distribution FROM added) AS place
    JOIN distribution ON distribution.deal_id = place.deal_id AND distribution.number = place.distribution
  ) THEN
    RAISE EXCEPTION 'the distribution is sealed: no % may be added', TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END
$$
-- next
CREATE FUNCTION distribution_seal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM (
      SELECT account, received, paid, opening FROM balance WHERE deal_id = NEW.deal_id AND distribution = NEW.number
      UNION ALL SELECT destination, -amount, 0, 0 FROM posting WHERE deal_id = NEW.deal_id AND distribution = NEW.number
      UNION ALL SELECT source, 0, -amount, 0 FROM posting WHERE deal_id = NEW.deal_id AND distribution = NEW.number
      UNION ALL SELECT account, 0, 0, -closing FROM balance WHERE deal_id = NEW.deal_id AND distribution = NEW.previous
    ) AS movement GROUP BY account HAVING sum(received) <> 0 OR sum(paid) <> 0 OR NEW.previous IS NOT NULL AND sum(opening) <> 0
  ) THEN
    RAISE EXCEPTION 'the balances of a distribution must be the previous ones and the sum of its postings';
  END IF;
  IF NEW.previous IS NULL AND (SELECT sum(opening) FROM balance WHERE deal_id = NEW.deal_id AND distribution = NEW.number) <> 0 THEN
    RAISE EXCEPTION 'the balances that a deal begins with must sum to zero';
  END IF;
  RETURN NEW;
END
$$
-- next
CREATE TRIGGER event_open AFTER INSERT ON event REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION event_open()
-- next
CREATE TRIGGER log_commit_next BEFORE INSERT ON log_commit FOR EACH ROW EXECUTE FUNCTION log_commit_next()
-- next
CREATE TRIGGER head_forward BEFORE INSERT OR DELETE OR UPDATE ON head FOR EACH ROW EXECUTE FUNCTION head_forward()
-- next
CREATE TRIGGER posting_open AFTER INSERT ON posting REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION books_open()
-- next
CREATE TRIGGER balance_open AFTER INSERT ON balance REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION books_open()
-- next
CREATE TRIGGER distribution_seal BEFORE INSERT ON distribution FOR EACH ROW EXECUTE FUNCTION distribution_seal()
