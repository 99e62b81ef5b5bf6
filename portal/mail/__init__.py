"""The letters that tell guardians and staff of something, and their way to the mail server.

Its modules, in the order in which they may import:

    letters   a letter of the outbox becomes an e-mail message
    delivery  the outbox is emptied: each letter to the mail server, again when that fails
"""
