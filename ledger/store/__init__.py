"""The append-only log and the books kept from it, on SQLite or PostgreSQL."""
