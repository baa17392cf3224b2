"""MWAA in front of an Airflow that runs on this machine: which one, and calls of its REST API in AWS's shape."""

from local_aws.services.mwaa import operations, rest_api

__all__ = ["operations", "rest_api"]
