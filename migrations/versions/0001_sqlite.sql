CREATE TRIGGER event_open BEFORE INSERT ON event
WHEN NEW.position IS NOT 1 + (SELECT position FROM head WHERE deal_id = NEW.deal_id) OR NEW.corrects_position IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'an event may only be inserted at the open position, one after the head of its deal')
  WHERE NEW.position IS NOT 1 + (SELECT position FROM head WHERE deal_id = NEW.deal_id);
  SELECT RAISE(ABORT, 'event is append-only: that line has been corrected already')
  WHERE EXISTS (
    SELECT 1 FROM event
    WHERE deal_id = NEW.deal_id AND corrects_position = NEW.corrects_position AND corrects_line = NEW.corrects_line AND effect = NEW.effect
  );
  SELECT RAISE(ABORT, 'a reversal must be the exact negative of the earlier line that it names')
  WHERE NEW.effect = -1 AND NOT EXISTS (
    SELECT 1 FROM event AS original
    WHERE original.deal_id = NEW.deal_id AND original.position = NEW.corrects_position AND original.line = NEW.corrects_line
      AND original.position < NEW.position AND original.effect = 1
      AND original.kind = NEW.kind AND original.subject IS NEW.subject
      AND -original.principal IS NEW.principal AND -original.interest IS NEW.interest
      AND -original.fee IS NEW.fee AND -original.amount IS NEW.amount
      AND (
        -original.balance IS NEW.balance AND original.rate IS NEW.rate AND original.delinquency IS NEW.delinquency
        OR NEW.balance IS NULL AND NEW.rate IS NULL AND NEW.delinquency IS NULL
      )
  );
END
-- next
CREATE TRIGGER log_commit_next BEFORE INSERT ON log_commit
BEGIN
  SELECT RAISE(ABORT, 'a commit must be the next after the head of its deal')
  WHERE NOT EXISTS (
    SELECT 1 FROM head
    WHERE deal_id = NEW.deal_id AND position + 1 = NEW.position AND hash = NEW.previous_hash AND (recorded_at IS NULL OR recorded_at < NEW.recorded_at)
  );
  SELECT RAISE(ABORT, 'log_commit is append-only: the row is there already')
  WHERE EXISTS (SELECT 1 FROM log_commit WHERE deal_id = NEW.deal_id AND position = NEW.position)
    OR EXISTS (SELECT 1 FROM log_commit WHERE deal_id = NEW.deal_id AND period = NEW.period AND source_digest = NEW.source_digest)
    OR EXISTS (SELECT 1 FROM log_commit WHERE deal_id = NEW.deal_id AND period = NEW.period AND source = NEW.source AND attempt = NEW.attempt);
  SELECT RAISE(ABORT, 'a commit must count its events')
  WHERE NEW.event_count <> (SELECT count(*) FROM event WHERE deal_id = NEW.deal_id AND position = NEW.position);
END
-- next
CREATE TRIGGER head_new BEFORE INSERT ON head
WHEN NEW.position <> 0 OR NEW.event_count <> 0 OR NEW.recorded_at IS NOT NULL OR EXISTS (SELECT 1 FROM head WHERE deal_id = NEW.deal_id)
BEGIN
  SELECT RAISE(ABORT, 'a deal has one head, and it begins at position 0');
END
-- next
CREATE TRIGGER head_forward BEFORE UPDATE ON head
BEGIN
  SELECT RAISE(ABORT, 'the head moves only forward, to the next commit')
  WHERE NEW.deal_id <> OLD.deal_id OR NEW.position <> OLD.position + 1 OR NOT EXISTS (
    SELECT 1 FROM log_commit
    WHERE deal_id = OLD.deal_id AND position = NEW.position AND previous_hash = OLD.hash AND hash = NEW.hash
      AND event_count = NEW.event_count - OLD.event_count AND recorded_at IS NEW.recorded_at
  );
END
-- next
CREATE TRIGGER head_no_delete BEFORE DELETE ON head
BEGIN
  SELECT RAISE(ABORT, 'head is append-only: DELETE is refused');
END
-- next
CREATE TRIGGER posting_open BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM distribution WHERE deal_id = NEW.deal_id AND number = NEW.distribution)
BEGIN
  SELECT RAISE(ABORT, 'the distribution is sealed: no posting may be added');
END
-- next
CREATE TRIGGER balance_open BEFORE INSERT ON balance
WHEN EXISTS (SELECT 1 FROM distribution WHERE deal_id = NEW.deal_id AND number = NEW.distribution)
BEGIN
  SELECT RAISE(ABORT, 'the distribution is sealed: no balance may be added');
END
-- next
CREATE TRIGGER distribution_seal BEFORE INSERT ON distribution
BEGIN
  SELECT RAISE(ABORT, 'the balances of a distribution must be the previous ones and the sum of its postings')
  WHERE EXISTS (
    SELECT 1 FROM (
      SELECT account, received, paid, opening FROM balance WHERE deal_id = NEW.deal_id AND distribution = NEW.number
      UNION ALL SELECT destination, -amount, 0, 0 FROM posting WHERE deal_id = NEW.deal_id AND distribution = NEW.number
      UNION ALL SELECT source, 0, -amount, 0 FROM posting WHERE deal_id = NEW.deal_id AND distribution = NEW.number
      UNION ALL SELECT account, 0, 0, -closing FROM balance WHERE deal_id = NEW.deal_id AND distribution = NEW.previous
    ) GROUP BY account HAVING sum(received) <> 0 OR sum(paid) <> 0 OR NEW.previous IS NOT NULL AND sum(opening) <> 0
  );
  SELECT RAISE(ABORT, 'the balances that a deal begins with must sum to zero')
  WHERE NEW.previous IS NULL AND (SELECT sum(opening) FROM balance WHERE deal_id = NEW.deal_id AND distribution = NEW.number) <> 0;
END
