"""Runs the migrations over the connection that `ledger.store.schema` hands in, in the one transaction that it has begun.

Each revision says what it does in `upgrade()`; its triggers are what its `refusals(dialect)` lists, so that a later check can compare them with
what stands in the database.
"""

from alembic import context

from ledger.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
if connection.dialect.name == "postgresql":
    # Two upgrades at once wait for each other; functions find their tables in this schema, never in a temporary one of the same name.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('tranche-ledger upgrade'))")
    connection.exec_driver_sql("SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)")
with context.begin_transaction():
    context.run_migrations()
