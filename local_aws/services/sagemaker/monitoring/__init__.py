"""Monitoring schedules: at their times they start processing jobs over what endpoints have captured."""

from __future__ import annotations

from local_aws.services.sagemaker.monitoring import alerts, executions, schedules
from local_aws.services.sagemaker.monitoring.clockwork import resume, shutdown

__all__ = ["alerts", "executions", "resume", "schedules", "shutdown"]
