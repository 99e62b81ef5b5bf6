"""The people who may read the inbox: accounts, signing in, sessions.

Its modules, in the order in which they may import:

    totp       the second factor: codes that change every half minute
    passwords  hashing and checking passwords, and first passwords
    accounts   the people, their roles, their recovery codes
    sessions   who is signed in, in which browser, since when
    admission  signing in, and setting up a new account
"""
