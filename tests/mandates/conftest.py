"""The sandbox's gateway, as the payments' tests have it."""

from __future__ import annotations

from tests.payments.conftest import api as api
from tests.payments.conftest import context as context
from tests.payments.conftest import outside as outside
