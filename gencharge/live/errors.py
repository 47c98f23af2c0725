"""What can go wrong with a live connection. After it is open, the code is in the `end` message and in the close frame."""

from __future__ import annotations

from gencharge.core.errors import Invalid, RequestTimeout, TooManyRequests, Unavailable


class SignInTooLate(RequestTimeout):
    """The first frame with the access token did not come in time."""


class FrameInvalid(Invalid):
    """A frame is a JSON object in text: `{"token": "..."}`, and in the first one `last_id` if you have it."""


class BinaryFrame(Invalid):
    """Frames are text, not binary."""


class TooManyLiveConnections(TooManyRequests):
    """You have too many live connections open. Close one of them."""


class ClientTooSlow(Unavailable):
    """This client does not read fast enough. Connect again with the last id."""
