"""What the public writes, and what becomes of it.

Its modules, in the order in which they may import:

    references  the numbers of cases, written so that people can say them
    addresses   the secret address of a case, and the code that is typed instead
    figures     how many cases there are of each kind, kept and not counted
    outbox      letters that wait to be sent, and what became of them
    messages    a case and its messages: limits, receiving them, finding them again
    answers     what staff write to a guardian
    thread      a case as its guardian meets it: found by its secrets, and read
"""
