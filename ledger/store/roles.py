"""Who may do what on PostgreSQL: rights that are granted to a database's users, none of whom can change what was appended.

The owner of the tables creates and migrates them and is nobody's daily user. SQLite knows no users: there the file's own permissions are all there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, get_args

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql

from ledger.core.problems import Problem
from ledger.store import tables

Right = Literal["application", "auditor", "investor-relations"]
"""Application: appends and distributes. Auditor: reads everything. Investor relations: reads what was published, and nothing else."""
RIGHTS: tuple[Right, ...] = get_args(Right)

PUBLISHED = ("deal", "statement")
"""The tables that hold what investors were given."""
MOVED = {"head": ("position", "hash", "event_count", "recorded_at")}
"""The one table that an append updates, and the columns that it moves; a trigger sees to it that they move as they must."""
NUMBERED = {"deal": ("name",)}
"""The columns that an application may fill where the database gives the number itself."""
OF_THE_OWNER = ("act",)
"""What only the owner appends: who may write, and what the database asks for."""


def statements(right: Right, user: str, schema: str) -> list[str]:
    """The SQL that gives a user this right and no other on the tables of a schema: whatever was granted before is taken back first."""
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are not typed
    place, to = quote(schema), quote(user)
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {place} FROM {to}",
        f"REVOKE ALL ON SCHEMA {place} FROM {to}",
        f"GRANT USAGE ON SCHEMA {place} TO {to}",
        *(f"GRANT {', '.join(allowed)} ON {place}.{table} TO {to}" for table, allowed in allowances(right).items()),
    ]


def allowances(right: Right) -> Mapping[str, list[str]]:
    """What a right allows, by table."""
    match right:
        case "application":
            return {"alembic_version": ["SELECT"], **{name: _appending(table) for name, table in tables.metadata.tables.items()}}
        case "auditor":
            return {name: ["SELECT"] for name in ("alembic_version", *tables.metadata.tables)}
        case "investor-relations":
            return {name: ["SELECT"] for name in ("alembic_version", *PUBLISHED)}


def _appending(table: Table) -> list[str]:
    if table.name in OF_THE_OWNER:
        return ["SELECT"]
    filled = f"INSERT ({', '.join(NUMBERED[table.name])})" if table.name in NUMBERED else "INSERT"
    return ["SELECT", filled, *([f"UPDATE ({', '.join(MOVED[table.name])})"] if table.name in MOVED else [])]


def unsafe_rights(connection: Connection) -> Iterator[Problem]:
    """Whoever may do more to the tables than an application must, the owner apart; and whether the books are opened by somebody who can undo the triggers."""
    user, is_superuser = connection.exec_driver_sql("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user").one()
    remedy = "let people and jobs connect as a user with `tranche database grant application USER`"
    if is_superuser:
        yield Problem(f"the books are open as {user}, a superuser, whom no trigger stops", remedy)
    elif connection.exec_driver_sql(_OWNED).scalar_one():
        yield Problem(f"the books are open as {user}, who owns the tables and can drop their triggers", remedy)
    for grantee, table, rights in connection.execute(text(_BROAD), {"moved": list(MOVED)}):
        yield Problem(f"{grantee} may {rights} {table}", "take it back: only the owner needs that", place=table)


_OWNED = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND pg_has_role(current_user, relowner, 'member')"
_BROAD = """
SELECT coalesce(nullif(pg_get_userbyid(held.grantee), 'unknown (OID=0)'), 'everybody'), relname,
string_agg(held.privilege_type, ', ' ORDER BY held.privilege_type)
FROM pg_class CROSS JOIN LATERAL aclexplode(relacl) AS held
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND held.grantee <> relowner
AND held.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES')
GROUP BY held.grantee, relname ORDER BY 1, 2
"""
