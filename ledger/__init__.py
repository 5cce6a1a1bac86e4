"""tranche-ledger: the books of a securitization trust. Read `ledger.core.deal`, `events` and `waterfall` in this order to understand the product."""
