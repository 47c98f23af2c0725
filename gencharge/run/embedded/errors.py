"""What can go wrong with an embedded server."""


class ServerFailed(Exception):
    """An embedded server cannot run; the message is one line that says what to do."""


class AlreadyRunning(ServerFailed):
    """Another process runs the servers of this data folder."""


class InstantNotReachable(ServerFailed):
    """The archive does not lead to an instant; the text says to which it does."""


class ArchiveDamaged(ServerFailed):
    """The archive of the write-ahead log, or a base backup in it, can't be read."""
