CREATE TRIGGER act_next BEFORE INSERT ON act
BEGIN
  SELECT RAISE(ABORT, 'an act must be the next after the last one')
  WHERE NEW.number IS NOT 1 + (SELECT coalesce(max(number), 0) FROM act)
    OR EXISTS (SELECT 1 FROM act WHERE number = NEW.number - 1 AND (hash <> NEW.previous_hash OR recorded_at >= NEW.recorded_at));
END
-- next
CREATE TRIGGER commit_signature_head BEFORE INSERT ON commit_signature
BEGIN
  SELECT RAISE(ABORT, 'a signature must be of the last commit of its deal, under the last act')
  WHERE NEW.position IS NOT (SELECT position FROM head WHERE deal_id = NEW.deal_id)
    OR NEW.act IS NOT (SELECT max(number) FROM act WHERE recorded_at < (SELECT recorded_at FROM head WHERE deal_id = NEW.deal_id));
  SELECT RAISE(ABORT, 'commit_signature is append-only: the row is there already')
  WHERE EXISTS (SELECT 1 FROM commit_signature WHERE deal_id = NEW.deal_id AND position = NEW.position);
END
