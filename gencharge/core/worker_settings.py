"""The settings of a worker."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Background(BaseModel, defer_build=True):
    """Events and recharges"""

    outbox_batch: int = Field(default=500, ge=1, le=5_000, description="Events that a worker claims at once.")
    outbox_poll_seconds: float = Field(
        default=0.2, gt=0, description="How often a worker that has nothing to do looks for events."
    )
    outbox_lease_seconds: float = Field(
        default=30, gt=0, description="After this time another worker may take over."
    )
    outbox_max_attempts: int = Field(
        default=12,
        ge=1,
        description="After so many failed attempts a delivery is parked for an admin to see. While a store is away no "
        "attempt counts.",
    )
    worker_metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="The worker's metrics are on this port of `WORKER_METRICS_HOST`; 0: nowhere.",
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1",
        description="The address of the worker's metrics, which ask nobody for a token. In a container `0.0.0.0`, if only Prometheus "
        "reaches the port.",
    )
    duplicate_window_seconds: int = Field(
        default=60,
        ge=0,
        description="The same plan for the same number within this time asks for `confirm_duplicate`.",
    )
