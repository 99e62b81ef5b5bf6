"""SQLite and PostgreSQL.

Its modules, in the order in which they may import:

    tables      the tables
    migrations  from an empty database to the present tables
    engines     how an engine of each kind is made
    database    reading, and one writer for everything
    limits      how much one sender may send
    attempts    failed attempts to sign in or to open a case, and waits
    secret_key  the key that is stored beside an SQLite database
    backups     backups of an SQLite database: made, verified, restored
"""
