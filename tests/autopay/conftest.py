"""The sandbox's gateway for autopays that are paid by a mandate."""

from __future__ import annotations

from tests.payments.conftest import context as context
from tests.payments.conftest import outside as outside
