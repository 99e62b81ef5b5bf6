"""What the public writes, and what becomes of it.

Its modules, in the order in which they may import:

    references  the numbers of messages, written so that people can say them
    messages    the limits of a message, receiving it, finding it again
"""
