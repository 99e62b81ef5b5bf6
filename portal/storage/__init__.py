"""SQLite and PostgreSQL.

Its modules, in the order in which they may import:

    tables      the tables
    migrations  from an empty database to the present tables
    database    reading, and one writer for everything
"""
