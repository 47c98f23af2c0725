"""Signing up, signing in, staying signed in, signing out."""
