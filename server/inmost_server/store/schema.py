"""The one metadata to which each feature's store.py adds its tables; migrations and a test compare against it."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, SmallInteger, Table

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A number the database gives to each row: SQLite does so for INTEGER only, elsewhere 32 bits would run out.
RowNumber = BigInteger().with_variant(Integer(), "sqlite")

# One row: which start of a server writes, and its last transaction. Used where another process could be the writer.
writer = Table(
    "writer",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("turn", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
)
