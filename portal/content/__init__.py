"""What the administration says of itself.

Its modules, in the order in which they may import:

    areas           the three areas that the administration works on, as texts
    facts           phone number, addresses, dates and laws
    hours           opening hours, and whether the telephone is answered now
    words           the words of the word list, and where a text uses them
    characters      what cannot be seen, and what cannot be read
    mail_addresses  e-mail addresses as they are typed, checked and stored
    phrases         standard sentences for answers
"""
