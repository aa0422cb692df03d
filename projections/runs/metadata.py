"""Where the tables of this group are listed."""

from sqlalchemy import MetaData

metadata = MetaData()
