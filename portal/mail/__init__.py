"""Letters to guardians and staff: composing them, and delivering them to the mail server.

Its modules, in the order in which they may import:

    letters   composes the e-mail message of a letter in the outbox
    delivery  delivers the letters of the outbox, and tries again after a failure
"""
