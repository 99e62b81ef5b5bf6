"""What the administration publishes about itself; characters and addresses that people type.

Its modules, in the order in which they may import:

    areas           the three areas that the administration works on, as texts
    facts           phone number, addresses, dates and laws
    hours           opening hours, and whether the telephone is answered now
    words           the words of the word list, and the words that a text uses
    characters      invisible and unreadable characters, digits of every script
    mail_addresses  e-mail addresses as they are typed, checked and stored
    phrases         standard sentences for answers
"""
