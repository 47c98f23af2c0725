"""What can go wrong with content."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, TooLarge, field_problem


class ContentNotFound(NotFound):
    """Content not found."""


class ContentEditionNotFound(NotFound):
    """Edition not found."""


class ContentAlreadyExists(Conflict):
    """There is content with this slug."""

    def __init__(self) -> None:
        """Names the field."""
        super().__init__(errors=[field_problem("body.slug", self.title(), "content_already_exists")])


class PictureNotFound(NotFound):
    """Picture not found."""


class PictureInUse(Conflict):
    """This picture is part of content. Take it out there first."""


class ContentPictureInvalid(Invalid):
    """This picture was not uploaded, or was deleted."""

    def __init__(self) -> None:
        """Names the field."""
        super().__init__(errors=[field_problem("body.image_id", self.title(), "content_picture_invalid")])


class PictureInvalid(Invalid):
    """Send a JPEG, PNG, WebP or GIF picture."""


class PictureTooLarge(TooLarge):
    """A picture has at most 25 million pixels, and 10,000 on each side."""
