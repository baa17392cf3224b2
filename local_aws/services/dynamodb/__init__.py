"""What of DynamoDB moto leaves out: idempotent transactions and the end of expired items. The rest is moto's."""

from local_aws.services.dynamodb import expiry, transactions

__all__ = ["expiry", "transactions"]
