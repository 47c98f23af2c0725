"""Whose certificates we trust when we call somebody: a partner, a collector of traces, a mail server.

That is what the system trusts, so a company's own CA counts once it is installed there. certifi's list stands in only on a
system that has none.
"""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path

import certifi


def new_tls() -> ssl.SSLContext:
    """A context for a client that sets something on it, such as the names of protocols. Others share `tls`.

    OpenSSL reads the system's list, or what the variables SSL_CERT_FILE and SSL_CERT_DIR name.
    """
    context = ssl.create_default_context()
    if not _system_has_a_list():
        context.load_verify_locations(cafile=certifi.where())
    return context


@cache
def tls() -> ssl.SSLContext:
    """One context for all clients: making one takes some 20 ms."""
    return new_tls()


def _system_has_a_list() -> bool:
    """Whether there is a file of certificates, or a folder with at least one.

    `get_default_verify_paths` leaves out what does not exist. A folder is read when a certificate is checked, so the context
    itself does not know yet what is in it.
    """
    paths = ssl.get_default_verify_paths()
    if paths.cafile is not None:
        return True
    try:
        return paths.capath is not None and any(Path(paths.capath).iterdir())
    except OSError:
        return False
