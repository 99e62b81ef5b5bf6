"""What the public writes, and what becomes of it.

Its modules, in the order in which they may import:

    references  the numbers of cases, written so that people can say them
    addresses   the secret address of a case, and the code that is typed instead
    figures     how many cases there are of each kind, kept and not counted
    outbox      letters that wait to be sent, and what became of them
    messages    a case and its messages: limits, receiving them, finding them again
    history     who has read and done what with a case
    search      the texts of cases, folded behind the receipt and found by their words
    handling    take, hand over, give back, close, set aside; each can be undone
    listings    the views of the inbox, page by page
    answers     what staff write to a guardian: drafts, sending, the hold
    notes       what staff write for each other
    thread      a case as its guardian meets it: found by its secrets, and read
"""
