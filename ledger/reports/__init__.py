"""A Statement in, bytes out; and published figures beside ours."""
