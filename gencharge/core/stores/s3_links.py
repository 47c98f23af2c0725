"""Signed links to objects of a bucket (Signature Version 4 in the query, as AWS's "Authenticating Requests: Using Query Parameters" has it).

The library that reads and writes the bucket signs links, too, but none that say under which name a browser saves the file.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Signer:
    """An access key of a region."""

    access_key_id: str
    secret_access_key: str
    region: str

    def link(
        self, address: str, *, seconds: int, now: datetime, parameters: dict[str, str] | None = None
    ) -> str:
        """An address under which anybody reads the object for so long from `now` (UTC). `parameters`: what its answer is to say, such as
        `response-content-disposition`. `address`: of the object, with nothing in it that has to be quoted."""
        parts = urlsplit(address)
        instant, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        scope = f"{day}/{self.region}/s3/aws4_request"
        query = {
            **(parameters or {}),
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self.access_key_id}/{scope}",
            "X-Amz-Date": instant,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }
        line = "&".join(f"{_quoted(name)}={_quoted(query[name])}" for name in sorted(query))
        request = f"GET\n{parts.path}\n{line}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{instant}\n{scope}\n{digest}"
        signature = hmac.digest(self._key(day), text.encode(), "sha256").hex()
        return f"{address}?{line}&X-Amz-Signature={signature}"

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret_access_key}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
