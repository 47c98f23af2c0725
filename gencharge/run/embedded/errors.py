"""What can go wrong with an embedded server."""


class ServerFailed(Exception):
    """An embedded server cannot run; the message is one line that says what to do."""


class AlreadyRunning(ServerFailed):
    """Another process runs the servers of this data folder."""
