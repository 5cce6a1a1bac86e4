"""Text in, values or problems out: deal files, boarding files, remittances, calendars."""
