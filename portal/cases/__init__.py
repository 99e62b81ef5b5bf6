"""What the public writes, and what becomes of it.

Its modules, in the order in which they may import:

    messages  the limits of a message, receiving it, finding it again
"""
