"""What channels do on a clock."""

from __future__ import annotations

from typing import Final

from gencharge.channels import breaker_service, float_service
from gencharge.core.background.jobs import Job

JOBS: Final = (
    Job("channels.ask_floats", float_service.ask_all, cron="*/5 * * * *"),
    Job("channels.delete_breakers", breaker_service.delete_expired, cron="17 3 * * *"),
)
