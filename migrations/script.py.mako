"""${message}."""

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def refusals(dialect: str) -> list[str]:
    """The functions and triggers that this revision creates, each as one statement, in the words in which the database stores them."""
    return []
