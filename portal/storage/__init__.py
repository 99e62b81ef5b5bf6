"""SQLite and PostgreSQL.

Its modules, in the order in which they may import:

    tables      the tables
    migrations  create the tables and upgrade them
    engines     SQLAlchemy engines for both databases
    database    concurrent reads, and one thread that writes
    limits      how many messages one sender may send
    attempts    failed attempts to sign in or open a case, and the waits after them
    secret_key  the secret key, set or stored beside an SQLite database
    backups     make, verify and restore backups of an SQLite database
"""
