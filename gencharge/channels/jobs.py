"""What channels do on a clock."""

from __future__ import annotations

from typing import Final

from gencharge.channels import float_service
from gencharge.core.background.jobs import Job

JOBS: Final = (Job("channels.ask_floats", float_service.ask_all, cron="*/5 * * * *"),)
