"""The command line, one module for each noun.

A command returns 0 when all is well, 1 for a fault, 2 when it was asked for something that
does not exist. What it finds goes to standard output, what went wrong to standard error.

Its modules, in the order in which they may import:

    output    how a command is added, and how it reports
    db        the tables of the database
    serve     serve the portal until it is stopped
    check     whether everything that serving needs is in order
    catalogs  the translations
    messages  the messages received
    run       ``portal``: from arguments to an exit code
"""
