"""Sessions: is this request allowed? Access tokens, refresh tokens, who is signed in where, and the guards.

Checking a token is not signing in: that is `auth`, two floors up.
"""
