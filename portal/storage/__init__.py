"""SQLite and PostgreSQL.

Its modules, in the order in which they may import:

    tables      the tables
    migrations  creating and upgrading the tables
    engines     SQLAlchemy engines for each kind of database
    database    reading, and writing through one queue and one thread
    limits      how much one sender may send
    attempts    failed attempts to sign in or to open a case, and waits
    secret_key  the secret key, and values derived from it
    backups     making, verifying and restoring backups of an SQLite database
"""
