"""CloudFormation: stacks whose resources are made through the services' own APIs on this endpoint."""

from __future__ import annotations

from local_aws.services.cloudformation.operations import resume

__all__ = ["resume"]
