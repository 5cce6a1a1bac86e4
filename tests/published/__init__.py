"""Structures of textbooks: the deal as a file, the collateral's cash flows as remittances, and the figures that the books print."""
