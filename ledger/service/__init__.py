"""The use cases: what each command does, in a few lines. Files and the database on one side, the pure core on the other.

Every function takes the `Store` first. Those that write take the actor and answer only after the database has committed.
"""

from ledger.service.actors import acts, add_actor, revoke_actor, set_approval, signing_as
from ledger.service.addresses import Addresses
from ledger.service.amendments import Amended, amend
from ledger.service.backups import Copied, backup, restore
from ledger.service.batches import Turn, as_of, paying_on
from ledger.service.brandings import branding
from ledger.service.bundles import Bundled, export_bundle, import_bundle
from ledger.service.corrected_terms import CorrectedTerms, correct_terms
from ledger.service.corrections import Corrected, correct
from ledger.service.deals import Opened, check_deal, open_deal
from ledger.service.differences import Change, Differences, diff
from ledger.service.distributions import Distributed, approve, distribute
from ledger.service.drawings import deal_picture
from ledger.service.explanations import Explained, explain
from ledger.service.histories import history
from ledger.service.imports import Refused
from ledger.service.journals import export_beancount
from ledger.service.known_at import KnownAt, position_of
from ledger.service.proof import Anchor, check_proof, prove, read_seal, seal_log
from ledger.service.publications import Published, publish, published
from ledger.service.rates import Fixed, Fixings, fix_rates
from ledger.service.remittances import Remitted, remit
from ledger.service.statements import period, reconcile, statement
from ledger.service.terms import document, terms_of
from ledger.service.timestamps import add_timestamp, request_timestamp, timestamp_query
from ledger.service.verification import Verified, verify
from ledger.service.worked import WorkedDeal, board, correct_worked, worked_deals, worked_folders

__all__ = [
    "Addresses", "Amended", "Anchor", "Bundled", "Change", "Copied", "Corrected", "CorrectedTerms", "Differences", "Distributed", "Explained", "Fixed",
    "Fixings", "KnownAt", "Opened", "Published", "Refused",
    "Remitted", "Turn", "Verified", "WorkedDeal", "acts", "add_actor", "add_timestamp", "amend", "approve",
    "as_of", "backup", "board", "branding", "check_deal", "check_proof", "correct", "correct_terms", "correct_worked", "deal_picture", "diff", "distribute",
    "document", "explain", "export_beancount", "export_bundle", "fix_rates", "history", "import_bundle", "open_deal", "paying_on", "period", "position_of",
    "prove", "publish", "published", "read_seal", "reconcile", "remit", "request_timestamp", "restore", "revoke_actor", "seal_log", "set_approval",
    "signing_as", "statement", "terms_of", "timestamp_query", "verify", "worked_deals", "worked_folders",
]  # fmt: skip
