"""The messages of the public, and what staff do with them.

Its modules, in the order in which they may import:

    references  the numbers of cases, written so that people can say them
    addresses   the secret address of a case, and the code that is typed instead
    figures     running totals of cases, messages and first answers
    outbox      letters that wait to be sent, and the outcome of their deliveries
    messages    a case and its messages: limits, receiving and reading them
    history     who has read a case, and what was done with it
    search      full-text search of cases
    handling    take, hand over, give back, close, set aside, undo, a new address
    listings    the views of the inbox and the results of a search, page by page
    answers     answers to guardians: drafts, sending, taking back
    notes       what staff write for each other
    thread      a case as its guardian sees it: found by its secrets, and read
"""
