"""The command `tranche`: parse, call the service, print."""
