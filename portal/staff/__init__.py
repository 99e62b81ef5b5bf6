"""Who may read the inbox: their accounts, how they sign in, and for how long.

Its modules, in the order in which they may import:

    totp       the second factor: codes that change every half minute
    passwords  hashing, and first passwords
    accounts   the people, their roles, their recovery codes
    sessions   who is signed in, in which browser, since when
    admission  name, password and code become a session
"""
