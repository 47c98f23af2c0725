"""Sessions: is this request allowed? Access tokens, refresh tokens, who is signed in where, and the guards.

Signing in is `auth`'s, two floors up; this room checks tokens.
"""
